use crate::shell::{self, Result, cargo};

/// Not among the other tests: it needs the machine for itself, since it measures how long takeovers take. It starts servers
/// of its own.
pub fn short() -> Result {
    run(&["run", "--quiet", "--package", "idem-chaos", "--"], &["--seconds", "12", "--kills", "12", "--pauses", "5"])
}

/// The figures of docs/evidence.md.
pub fn long() -> Result {
    run(&["run", "--release", "--package", "idem-chaos", "--"], &["--seconds", "180"])
}

fn run(program: &[&str], more: &[&str]) -> Result {
    shell::run(&mut cargo(&[program, &["run", "--store", "all", "--seed", "1"], more].concat()))
}
