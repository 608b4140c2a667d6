use std::process::Command;

use crate::shell::{self, Result, built, cargo, command};

/// Each store, and how often its servers are killed in the short form.
const STORES: [(&str, &str); 6] =
    [("sqlite", "0"), ("postgres", "1"), ("mysql", "1"), ("redis", "1"), ("replicated", "1"), ("tiered", "1")];

/// Not among the other tests: it needs the machine for itself, since it measures how long takeovers take. It starts servers
/// of its own.
pub fn short() -> Result {
    let program = built("idem-chaos")?;
    STORES.iter().try_for_each(|(store, restarts)| {
        let faults = ["--seconds", "12", "--kills", "12", "--pauses", "5", "--restarts", restarts];
        run(command(&program, &[]), store, &faults)
    })
}

/// Figures such as those of docs/evidence.md.
pub fn long() -> Result {
    let faults = ["--seconds", "180", "--kills", "105", "--pauses", "60", "--restarts", "13", "--network", "40"];
    run(cargo(&["run", "--release", "--package", "idem-chaos", "--"]), "all", &faults)
}

fn run(mut program: Command, store: &str, faults: &[&str]) -> Result {
    shell::run(program.args(["run", "--seed", "1", "--store", store]).args(faults))
}
