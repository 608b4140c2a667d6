//! What handlers cost the compiler: a crate with many of them against the same crate without the attribute.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::shell::{self, Result, command, root, target};

/// As many as a large service has.
const HANDLERS: usize = 200;

/// Of each measurement, taken in turns; the fastest counts, which is the one that other programs disturbed least.
const RUNS: usize = 5;

const KINDS: [&str; 2] = ["plain", "annotated"];

pub fn run() -> Result {
    let folder = target().join("compile-time");
    for kind in KINDS {
        let source = folder.join(kind).join("src");
        std::fs::create_dir_all(&source).map_err(|error| format!("{}: {error}", source.display()))?;
        write(&folder.join(kind).join("Cargo.toml"), &member(kind))?;
        write(&source.join("lib.rs"), &crate_of(kind))?;
    }
    write(&folder.join("Cargo.toml"), &workspace())?;
    let lock = folder.join("Cargo.lock");
    std::fs::copy(root().join("Cargo.lock"), &lock).map_err(|error| format!("{}: {error}", lock.display()))?;

    let lines = [expanded(&folder, KINDS[0])?, expanded(&folder, KINDS[1])?];
    let mut report = format!(
        "{HANDLERS} handlers, each crate alone, without incremental compilation; the fastest of {RUNS} runs\n\n\
         | | plain | annotated | more for a handler | ratio |\n|---|---|---|---|---|\n"
    );
    let mut line = |what: &str, [plain, annotated]: [f64; 2], unit: &str| {
        let (more, ratio) = ((annotated - plain) / HANDLERS as f64, annotated / plain);
        let _ = writeln!(report, "| {what} | {plain:.0}{unit} | {annotated:.0}{unit} | {more:.0}{unit} | {ratio:.1} |");
    };
    line("lines after expansion", lines.map(|lines| lines as f64), "");
    for verb in ["check", "build"] {
        let times = measured(&folder, verb)?;
        line(&format!("`cargo {verb}`"), times.map(|time| time.as_secs_f64() * 1e3), " ms");
    }
    println!("\n{report}");
    Ok(())
}

/// `cargo verb` of each crate, whose dependencies are built before.
fn measured(folder: &Path, verb: &str) -> Result<[Duration; 2]> {
    let mut fastest = [Duration::MAX; 2];
    for round in 0..=RUNS {
        for (kind, fastest) in KINDS.iter().zip(&mut fastest) {
            // Writing it makes it new.
            write(&folder.join(kind).join("src").join("lib.rs"), &crate_of(kind))?;
            let began = Instant::now();
            shell::run(&mut cargo(folder, &[verb, "--quiet", "--package", kind]))?;
            if round > 0 {
                *fastest = began.elapsed().min(*fastest);
            }
        }
    }
    Ok(fastest)
}

/// How many lines the compiler reads once all attributes and macros are expanded.
fn expanded(folder: &Path, kind: &str) -> Result<usize> {
    let arguments = ["rustc", "--quiet", "--profile", "check", "--package", kind, "--", "-Zunpretty=expanded"];
    // The option is one of nightly compilers.
    let text = shell::output(cargo(folder, &arguments).env("RUSTC_BOOTSTRAP", kind))?;
    Ok(text.lines().filter(|line| !line.trim().is_empty()).count())
}

fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments);
    cargo.current_dir(folder).env("CARGO_INCREMENTAL", "0").env("CARGO_TARGET_DIR", folder.join("target"));
    cargo
}

fn workspace() -> String {
    format!("[workspace]\nmembers = {KINDS:?}\nresolver = \"3\"\n")
}

fn member(kind: &str) -> String {
    format!(
        "[package]\nname = \"{kind}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n\
         idem = {{ package = \"idem-kit\", path = {:?} }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n",
        root()
    )
}

/// The handlers, and something that makes the compiler finish each.
fn crate_of(kind: &str) -> String {
    let mut text = String::from(
        "//! Generated.\n\nuse std::pin::Pin;\n\nuse idem::Error;\nuse serde::{Deserialize, Serialize};\n\n\
         #[derive(Serialize)]\npub struct Order {\n    pub id: u64,\n    pub items: Vec<String>,\n}\n\n\
         #[derive(Serialize, Deserialize)]\npub struct Receipt {\n    pub order: u64,\n    pub text: String,\n}\n\n\
         pub type Call = Pin<Box<dyn Future<Output = Result<Receipt, Error>> + Send>>;\n\n\
         async fn deliver(text: String) -> Result<String, Error> {\n    std::future::ready(()).await;\n    Ok(text)\n}\n",
    );
    for number in 0..HANDLERS {
        if kind == "annotated" {
            let _ =
                write!(text, "\n#[idem::idempotent(name = \"jobs.send_{number}\", ttl = \"24h\", scope = \"user\")]");
        }
        let _ = write!(
            text,
            "\npub async fn send_{number}(user: u64, order: Order, topic: String) -> Result<Receipt, Error> {{\n    \
             if topic.is_empty() {{\n        return Ok(Receipt {{ order: user, text: topic }});\n    }}\n    \
             let text = deliver(format!(\"{{topic}} {{}}\", order.items.len())).await?;\n    \
             Ok(Receipt {{ order: order.id, text }})\n}}\n"
        );
    }
    text.push_str("\npub fn calls(order: fn() -> Order) -> Vec<Call> {\n    let mut calls: Vec<Call> = Vec::new();\n");
    for number in 0..HANDLERS {
        let _ = writeln!(text, "    calls.push(Box::pin(send_{number}({number}, order(), String::new())));");
    }
    text.push_str("    calls\n}\n");
    text
}

fn write(path: &Path, text: &str) -> Result {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{HANDLERS, crate_of};

    #[test]
    fn the_two_crates_differ_by_one_attribute_a_handler() {
        let (plain, annotated) = (crate_of("plain"), crate_of("annotated"));
        let kept: Vec<&str> = annotated.lines().filter(|line| !line.starts_with("#[idem::idempotent(")).collect();
        assert_eq!(kept, plain.lines().collect::<Vec<_>>());
        assert_eq!(annotated.lines().count() - kept.len(), HANDLERS);
        assert_eq!(annotated.matches("pub async fn send_").count(), HANDLERS);
    }
}
