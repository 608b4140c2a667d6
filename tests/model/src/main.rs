//! Searches the model at a size that is asked for: `cargo run -p idem-model --release -- <workers> <deliveries> <crashes> <ticks>`.
#![allow(clippy::print_stdout, reason = "a command prints")]

use std::fmt::Debug;
use std::hash::Hash;
use std::process::ExitCode;
use std::time::Instant;

use idem_model::{Admission, Model, Sizes};
use stateright::Checker;

/// Words that are no figures.
const NAMES: [&str; 2] = ["admission", "park"];

const USAGE: &str = "idem-model <workers> <deliveries> <crashes> <ticks> [faults] [beats] [lease] [park]
idem-model admission <producers> <crashes> <faults> <ticks>";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let before_the_queue = words.iter().any(|word| word == "admission");
    let parks = words.iter().any(|word| word == "park");
    let figures: Result<Vec<u8>, _> =
        words.iter().filter(|word| !NAMES.contains(&word.as_str())).map(|word| word.parse()).collect();
    let Ok([workers, deliveries, crashes, ticks, more @ ..]) = figures.as_deref() else {
        println!("{USAGE}");
        return ExitCode::FAILURE;
    };
    if before_the_queue {
        let (producers, crashes, faults, ticks) = (*workers, *deliveries, *crashes, *ticks);
        return search(Admission { producers, crashes, faults, ticks, mutant: None });
    }
    let further = |place: usize, otherwise| more.get(place).copied().unwrap_or(otherwise);
    let sizes = Sizes {
        workers: *workers,
        deliveries: *deliveries,
        crashes: *crashes,
        ticks: *ticks,
        faults: further(0, 1),
        beats: further(1, 0),
        lease: further(2, 1),
        parks,
    };
    search(Model::new(sizes))
}

/// Searches all of it, and says what holds.
fn search<M>(model: M) -> ExitCode
where
    M: stateright::Model + Debug + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + Debug + PartialEq,
{
    println!("{model:?}");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let checker = model.checker().threads(threads).spawn_bfs().join();
    println!(
        "{} states, {} steps, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed().as_secs_f64()
    );
    let discoveries = checker.discoveries();
    let mut good = true;
    for property in checker.model().properties() {
        let found = discoveries.get(property.name).cloned();
        let holds = found.is_some() != property.expectation.discovery_is_failure();
        good &= holds;
        println!("{}  {}", if holds { "holds " } else { "BROKEN" }, property.name);
        if let Some(path) = found.filter(|_| !holds) {
            for (world, action) in path.into_vec() {
                println!("  {world:?}");
                println!("- {action:?}");
            }
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
