use super::interleavings::FLAG;
use crate::shell::{self, Result, cargo};

pub fn run() -> Result {
    shell::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]))?;
    let interleavings = ["clippy", "--package", "idem-runtime", "--lib", "--profile", "test", "--", "-D", "warnings"];
    shell::run(&mut cargo(&[&interleavings, FLAG].concat()))
}
