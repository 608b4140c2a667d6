use super::logs::Logs;
use super::servers::Servers;
use crate::shell::{self, Result, cargo, target, works};

/// The runner's own closing lines say how many passed and failed.
pub fn run() -> Result {
    let (servers, logs) = (Servers::gather()?, Logs::empty()?);
    let nextest = works(&mut cargo(&["nextest", "--version"]));
    let arguments: &[&str] = if nextest {
        &["nextest", "run", "--workspace", "--all-features", "--no-fail-fast"]
    } else {
        println!("cargo-nextest is not installed, so cargo's own runner does it");
        &["test", "--workspace", "--all-features", "--tests", "--examples", "--no-fail-fast"]
    };
    let (name, folder) = logs.variable();
    shell::run(servers.tell(&mut cargo(arguments)).env(name, folder))?;
    // As .config/nextest.toml says. Cargo's own runner keeps nothing of tests that pass.
    let printed = nextest.then(|| target().join("nextest").join("default").join("junit.xml"));
    logs.search(printed.as_deref())
}
