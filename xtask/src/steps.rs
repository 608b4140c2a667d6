//! The steps of `cargo xtask test`, each of which is a command of its own as well.

mod chaos;
mod clippy;
mod compile_time;
mod deny;
mod docs;
mod doctests;
mod drivers;
mod examples;
mod features;
mod fmt;
mod fuzz;
mod interleavings;
mod logs;
mod mutants;
mod sequences;
mod servers;
mod tests;
mod tools;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::shell::Result;
use crate::tidy;

struct Step {
    name: &'static str,
    does: &'static str,
    run: fn() -> Result,
}

/// In the order in which `cargo xtask test` takes them: what a change breaks most often comes first.
const STEPS: &[Step] = &[
    Step { name: "tools", does: "install what is missing on this machine", run: tools::run },
    Step { name: "fmt", does: "the code is formatted", run: fmt::run },
    Step { name: "clippy", does: "no warnings anywhere", run: clippy::run },
    Step { name: "tidy", does: "layers, file sizes, forbidden words, lib.rs files, Cargo.lock", run: tidy::run },
    Step { name: "tests", does: "all tests, by nextest where it is installed", run: tests::run },
    Step {
        name: "interleavings",
        does: "the in-process parts under a scheduler that decides who goes on",
        run: interleavings::short,
    },
    Step { name: "doctests", does: "the examples in the documentation", run: doctests::run },
    Step { name: "drivers", does: "the default features bring in no database driver", run: drivers::run },
    Step { name: "features", does: "each feature of the facade compiles alone", run: features::run },
    Step { name: "examples", does: "the programs in examples/ run", run: examples::run },
    Step {
        name: "chaos",
        does: "workers killed and paused, servers restarted, replicas promoted, networks cut, on all stores",
        run: chaos::short,
    },
    Step { name: "docs", does: "the documentation builds without a warning", run: docs::run },
];

/// Commands that `cargo xtask test` does not take.
const EXTRA: &[Step] = &[
    Step { name: "deny", does: "licences, bans and sources of the dependencies (needs cargo-deny)", run: deny::run },
    Step {
        name: "interleavings-long",
        does: "more schedules of each test: IDEM_INTERLEAVINGS, else 20000 by each scheduler",
        run: interleavings::long,
    },
    Step { name: "chaos-long", does: "the same for a quarter of an hour, as figures", run: chaos::long },
    Step {
        name: "fuzz",
        does: "the targets in fuzz/ for longer: each for IDEM_FUZZ_SECONDS, else a minute",
        run: fuzz::run,
    },
    Step {
        name: "sequences",
        does: "random sequences on every store beside the model: on each for IDEM_SEQUENCES_SECONDS, else a minute",
        run: sequences::run,
    },
    Step {
        name: "mutants",
        does: "no change to keys, leases, transitions or the pipeline goes unnoticed by the tests (needs cargo-mutants; hours)",
        run: mutants::run,
    },
    Step { name: "compile-time", does: "what handlers cost the compiler, as figures", run: compile_time::run },
];

/// Every step, one after the other; the first that fails ends it.
///
/// # Errors
/// What the failing step said, and how to run it alone.
pub fn test() -> Result {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (number, step) in STEPS.iter().enumerate() {
        println!("\n== {}/{} {}: {}", number + 1, STEPS.len(), step.name, step.does);
        let began = Instant::now();
        (step.run)()
            .map_err(|error| format!("step `{0}` failed: {error}\nTo run it alone: cargo xtask {0}", step.name))?;
        let took = began.elapsed();
        println!("== {} passed in {:.1} s", step.name, took.as_secs_f64());
        times.push((step.name, took));
    }
    println!(
        "\nAll {} steps passed in {:.1} s:",
        times.len(),
        times.iter().map(|(_, took)| took.as_secs_f64()).sum::<f64>()
    );
    for (name, took) in times {
        println!("  {name:<13} {:>7.1} s", took.as_secs_f64());
    }
    Ok(())
}

/// One step.
///
/// # Errors
/// There is no step of this name, or it failed.
pub fn alone(name: &str) -> Result {
    match STEPS.iter().chain(EXTRA).find(|step| step.name == name) {
        Some(step) => (step.run)(),
        None => Err(format!("there is no command `{name}`\n\n{}", help())),
    }
}

/// The commands, one a line.
pub fn help() -> String {
    let mut text = String::from("cargo xtask test               all of these, in this order:\n");
    for step in STEPS {
        let _ = writeln!(text, "cargo xtask {:<18} {}", step.name, step.does);
    }
    text.push_str("Not part of it:\n");
    for step in EXTRA {
        let _ = writeln!(text, "cargo xtask {:<18} {}", step.name, step.does);
    }
    text
}
