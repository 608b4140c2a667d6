use crate::shell::{self, Result, cargo, works};

/// Hours: each mutant is a build and a run of the tests. What is mutated, by what it is tested, and which mutants change nothing, is
/// in .cargo/mutants.toml.
pub fn run() -> Result {
    if !works(&mut cargo(&["mutants", "--version"])) {
        return Err("cargo-mutants is not installed: `cargo install --locked cargo-mutants`".into());
    }
    shell::run(&mut cargo(&["mutants", "--package", "idem-runtime", "--output", "target"]))
}
