use std::num::NonZero;

use super::logs::Logs;
use super::servers::Servers;
use crate::shell::{self, Result, cargo, target, works};

/// The runner's own closing lines say how many passed and failed. Three times as many tests at a time as there are processors: much of
/// their time they wait for servers and for leases to run out.
pub fn run() -> Result {
    let (servers, logs) = (Servers::gather()?, Logs::empty()?);
    let nextest = works(&mut cargo(&["nextest", "--version"]));
    let mut runner = if nextest {
        let threads = (3 * std::thread::available_parallelism().map_or(1, NonZero::get)).to_string();
        cargo(&["nextest", "run", "--workspace", "--all-features", "--no-fail-fast", "--test-threads", &threads])
    } else {
        println!("cargo-nextest is not installed, so cargo's own runner does it");
        cargo(&["test", "--workspace", "--all-features", "--tests", "--examples", "--no-fail-fast"])
    };
    let (name, folder) = logs.variable();
    shell::run(servers.tell(&mut runner).env(name, folder))?;
    // As .config/nextest.toml says. Cargo's own runner keeps nothing of tests that pass.
    let printed = nextest.then(|| target().join("nextest").join("default").join("junit.xml"));
    logs.search(printed.as_deref())
}
