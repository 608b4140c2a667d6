use crate::shell::{self, Result, cargo};

/// Each store, and how often its servers are killed in the short form.
const STORES: [(&str, &str); 6] =
    [("sqlite", "0"), ("postgres", "1"), ("mysql", "1"), ("redis", "1"), ("replicated", "1"), ("tiered", "1")];

/// Not among the other tests: it needs the machine for itself, since it measures how long takeovers take. It starts servers
/// of its own.
pub fn short() -> Result {
    STORES.iter().try_for_each(|(store, restarts)| {
        let faults = ["--seconds", "12", "--kills", "12", "--pauses", "5", "--restarts", restarts];
        run(&["run", "--quiet", "--package", "idem-chaos", "--"], store, &faults)
    })
}

/// Figures such as those of docs/evidence.md.
pub fn long() -> Result {
    let faults = ["--seconds", "180", "--kills", "105", "--pauses", "60", "--restarts", "13", "--network", "40"];
    run(&["run", "--release", "--package", "idem-chaos", "--"], "all", &faults)
}

fn run(program: &[&str], store: &str, faults: &[&str]) -> Result {
    shell::run(&mut cargo(&[program, &["run", "--seed", "1", "--store", store], faults].concat()))
}
