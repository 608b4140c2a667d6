use crate::shell::{self, Result, command, root, works};

/// What the workspace needs beyond Rust itself.
struct Tool {
    name: &'static str,
    needed_for: &'static str,
    /// Found if any of these holds.
    found_by: &'static [Probe],
    comes_from: Source,
}

enum Probe {
    /// This command ends with code 0.
    Runs(&'static [&'static str]),
    /// This file exists; a directory in the path may be `*`.
    File(&'static str),
}

enum Source {
    /// These packages of Debian.
    Apt(&'static [&'static str]),
    /// This component of the toolchain; where there is no rustup, this package of Debian.
    Rustup { component: &'static str, package: &'static str },
}

/// A further tool is a line here.
#[rustfmt::skip]
const TOOLS: &[Tool] = &[
    Tool { name: "rustfmt", needed_for: "step fmt", found_by: &[Probe::Runs(&["cargo", "fmt", "--version"])], comes_from: Source::Rustup { component: "rustfmt", package: "rustfmt" } },
    Tool { name: "clippy", needed_for: "step clippy", found_by: &[Probe::Runs(&["cargo", "clippy", "--version"])], comes_from: Source::Rustup { component: "clippy", package: "rust-clippy" } },
    Tool { name: "a C compiler with its headers", needed_for: "the bundled SQLite", found_by: &[Probe::Runs(&["cc", "-fsyntax-only", "-include", "stdio.h", "-x", "c", "/dev/null"])], comes_from: Source::Apt(&["gcc", "libc6-dev"]) },
    Tool { name: "python3", needed_for: "the independent check of keys", found_by: &[Probe::Runs(&["python3", "--version"])], comes_from: Source::Apt(&["python3"]) },
    Tool { name: "redis-server", needed_for: "the tests of the Redis store", found_by: &[Probe::Runs(&["redis-server", "--version"])], comes_from: Source::Apt(&["redis-server"]) },
    Tool { name: "PostgreSQL", needed_for: "the tests of the PostgreSQL store", found_by: &[Probe::File("/usr/lib/postgresql/*/bin/initdb"), Probe::Runs(&["initdb", "--version"])], comes_from: Source::Apt(&["postgresql"]) },
    Tool { name: "MariaDB", needed_for: "the tests of the MySQL store", found_by: &[Probe::File("/usr/sbin/mariadbd"), Probe::Runs(&["mariadbd", "--version"])], comes_from: Source::Apt(&["mariadb-server"]) },
    Tool { name: "nats-server", needed_for: "the chaos harness through a broker", found_by: &[Probe::File("/usr/sbin/nats-server"), Probe::Runs(&["nats-server", "--version"])], comes_from: Source::Apt(&["nats-server"]) },
    Tool { name: "RabbitMQ", needed_for: "the chaos harness through a broker", found_by: &[Probe::File("/usr/lib/rabbitmq/bin/rabbitmq-server"), Probe::File("/usr/sbin/rabbitmq-server")], comes_from: Source::Apt(&["rabbitmq-server"]) },
    Tool { name: "git", needed_for: "step tidy", found_by: &[Probe::Runs(&["git", "--version"])], comes_from: Source::Apt(&["git"]) },
];

pub fn run() -> Result {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !found(tool)).collect();
    if missing.is_empty() {
        println!("everything is there: {}", names(TOOLS.iter()));
        return Ok(());
    }
    println!("missing: {}", names(missing.iter().copied()));
    let mut packages: Vec<&str> = Vec::new();
    for tool in &missing {
        match tool.comes_from {
            Source::Apt(names) => packages.extend(names),
            Source::Rustup { component, .. } if works(&mut command("rustup", &["--version"])) => {
                shell::run(&mut command("rustup", &["component", "add", component]))?;
            }
            Source::Rustup { package, .. } => packages.push(package),
        }
    }
    let installed = if packages.is_empty() { Ok(()) } else { install(&packages) };
    // Debian starts the services of what it installs, and a start that fails, as in a container, fails the installation.
    // The tests do not need the services: a server that lets them in is used, else a private one is started.
    match (missing.into_iter().find(|tool| !found(tool)), installed) {
        (None, _) => Ok(()),
        (Some(_), Err(error)) => Err(error),
        (Some(tool), Ok(())) => {
            Err(format!("{} (for {}) is still missing after the installation", tool.name, tool.needed_for))
        }
    }
}

fn install(packages: &[&str]) -> Result {
    let by_hand = format!("install these packages of Debian, or what they are called here: {}", packages.join(" "));
    if !works(&mut command("apt-get", &["--version"])) {
        return Err(format!("there is no apt-get on this machine; {by_hand}"));
    }
    let sudo: &[&str] = if is_root() {
        &[]
    } else if works(&mut command("sudo", &["-n", "true"])) {
        &["sudo", "-n"]
    } else {
        return Err(format!("neither root nor sudo without a password; {by_hand}"));
    };
    // A list that cannot be refreshed may still hold the package: only the installation decides.
    if let Err(error) = apt(sudo, &["update", "-qq"]) {
        println!("{error}; going on with the lists that are there");
    }
    let options = ["install", "-y", "-qq", "--no-install-recommends"];
    apt(sudo, &[&options, packages].concat()).map_err(|error| format!("{error}; {by_hand}"))
}

fn apt(sudo: &[&str], arguments: &[&str]) -> Result {
    // Through `env`, because sudo drops variables.
    let all = [sudo, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat();
    match all.split_first() {
        Some((program, arguments)) => shell::run(&mut command(program, arguments)),
        None => Ok(()),
    }
}

fn is_root() -> bool {
    shell::output(&mut command("id", &["-u"])).is_ok_and(|user| user.trim() == "0")
}

fn found(tool: &Tool) -> bool {
    tool.found_by.iter().any(|probe| match probe {
        Probe::Runs(line) => {
            line.split_first().is_some_and(|(program, arguments)| works(&mut command(program, arguments)))
        }
        Probe::File(path) => exists(path),
    })
}

/// Whether a file of this path exists, where `*` is any one directory.
fn exists(path: &str) -> bool {
    match path.split_once("/*/") {
        None => root().join(path).exists(),
        Some((above, below)) => std::fs::read_dir(above)
            .is_ok_and(|entries| entries.flatten().any(|entry| exists(&entry.path().join(below).to_string_lossy()))),
    }
}

fn names<'a>(tools: impl Iterator<Item = &'a Tool>) -> String {
    tools.map(|tool| tool.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Probe, Source, Tool, exists, found};

    #[test]
    fn a_star_stands_for_one_directory() {
        let root = crate::shell::root();
        assert!(exists(&format!("{}/*/src/steps/tools.rs", root.display())));
        assert!(!exists(&format!("{}/*/src/steps/no_such_step.rs", root.display())));
    }

    #[test]
    fn a_program_that_is_not_there_or_fails_is_missing() {
        let tool = |found_by| Tool { name: "", needed_for: "", found_by, comes_from: Source::Apt(&[]) };
        assert!(!found(&tool(&[Probe::Runs(&["no-such-program-here"])])));
        assert!(!found(&tool(&[Probe::Runs(&["false"])])));
        assert!(found(&tool(&[Probe::Runs(&["false"]), Probe::Runs(&["true"])])));
    }
}
