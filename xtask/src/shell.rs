//! Other programs: started in the root of the workspace, shown before they run, and never a reason to panic.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What went wrong, for a person to read.
pub type Result<T = ()> = std::result::Result<T, String>;

/// The root of the workspace.
pub fn root() -> PathBuf {
    // Cargo sets the variable for `cargo run` and for tests; the constant serves a binary that is started by hand.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let manifest = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    manifest.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Where Cargo builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// `program arguments…` in the root of the workspace.
pub fn command(program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// The Cargo that started us. What it told us of our own package is for us alone: some build scripts look at it, and what they
/// build would be built anew each time that Cargo is called by hand again.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments);
    let of_ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_ours)) {
        cargo.env_remove(name);
    }
    cargo
}

/// Runs it with our own input and output.
///
/// # Errors
/// It could not be started, or ended with another code than 0.
pub fn run(command: &mut Command) -> Result {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", shown(command))) }
}

/// Runs it and gives its standard output; its errors stay on the screen.
///
/// # Errors
/// As [`run`], or the output is not UTF-8.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        return Err(format!("`{}` ended with {}", shown(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{}` printed something that is not UTF-8", shown(command)))
}

/// The program of this name, of the whole workspace with all features: the one that the tests have built. For one package alone
/// it would be built with other features, and much of what it needs with it.
///
/// # Errors
/// It does not build, or there is none of this name.
pub fn built(name: &str) -> Result<String> {
    let arguments = ["test", "--workspace", "--all-features", "--no-run", "--message-format=json-render-diagnostics"];
    let messages = output(&mut cargo(&arguments))?;
    let is_it = |program: &&str| Path::new(program).file_stem().is_some_and(|stem| stem == name);
    executables(&messages).find(is_it).map(str::to_owned).ok_or_else(|| format!("cargo built no program `{name}`"))
}

/// The programs that cargo says it has built.
pub fn executables(messages: &str) -> impl Iterator<Item = &str> {
    messages.lines().filter_map(|line| line.split_once(r#""executable":""#)?.1.split('"').next())
}

/// Whether it can be started and ends with code 0; prints nothing.
pub fn works(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let variables = variables.map(|(name, value)| format!("{}='{}' ", name.display(), value.display()));
    let arguments = command.get_args().map(|argument| format!(" {}", argument.display()));
    format!("{}{}{}", variables.collect::<String>(), program.display(), arguments.collect::<String>())
}

fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("`{}` could not be started: {error}", shown(command))
}
