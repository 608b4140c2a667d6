use super::servers::Servers;
use crate::shell::{self, Result, cargo, works};

/// The runner's own closing lines say how many passed and failed.
pub fn run() -> Result {
    let servers = Servers::gather()?;
    let arguments: &[&str] = if works(&mut cargo(&["nextest", "--version"])) {
        &["nextest", "run", "--workspace", "--all-features", "--no-fail-fast"]
    } else {
        println!("cargo-nextest is not installed, so cargo's own runner does it");
        &["test", "--workspace", "--all-features", "--tests", "--examples", "--no-fail-fast"]
    };
    shell::run(servers.tell(&mut cargo(arguments)))
}
