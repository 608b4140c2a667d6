use crate::shell::{self, Result, cargo, works};

/// The runner's own closing lines say how many passed and failed.
pub fn run() -> Result {
    if works(&mut cargo(&["nextest", "--version"])) {
        shell::run(&mut cargo(&["nextest", "run", "--workspace", "--all-features", "--no-fail-fast"]))
    } else {
        println!("cargo-nextest is not installed, so cargo's own runner does it");
        shell::run(&mut cargo(&["test", "--workspace", "--all-features", "--tests", "--examples", "--no-fail-fast"]))
    }
}
