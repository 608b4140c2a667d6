use super::servers::Servers;
use crate::shell::{self, Result, cargo, works};

/// What rivals do to a transaction only a server shows.
const WITH_SERVERS: &str = r"run/transaction\.rs";

/// Hours: each mutant is a build and a run of the tests. What is mutated, by what it is tested, and which mutants change nothing, is
/// in .cargo/mutants.toml.
pub fn run() -> Result {
    if !works(&mut cargo(&["mutants", "--version"])) {
        return Err("cargo-mutants is not installed: `cargo install --locked cargo-mutants`".into());
    }
    let mutants =
        |more: &[&str]| cargo(&[&["mutants", "--package", "idem-runtime", "--output", "target"], more].concat());
    let quick = shell::run(&mut mutants(&["--exclude-re", WITH_SERVERS]));
    let servers = Servers::gather()?;
    let tests = ["--re", WITH_SERVERS, "--all-features", "--", "-E", "test(transaction::)"];
    quick.and(shell::run(servers.tell(&mut mutants(&tests))))
}
