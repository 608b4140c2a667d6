//! Feeds a target: once, or until its time is over.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::mutate::{changed, damaged};
use crate::report::Report;

/// The seed of the short run.
pub(crate) const SEED: u64 = 20_261_121;

/// Inputs of a round of the long run, after which the time is looked at.
const ROUND: u32 = 1_000;

/// Feeds a target with inputs of a kind: `cases` of them in the short run.
///
/// # Panics
/// A check did: with the smallest input that makes it, and the seed.
pub fn fuzz<S: Strategy>(target: &str, cases: u32, inputs: S, check: impl Fn(S::Value)) -> Report {
    let began = Instant::now();
    let Some(seconds) = number("IDEM_FUZZ_SECONDS") else {
        round(target, cases, SEED, &inputs, &check);
        return Report { target: target.to_owned(), seed: SEED, inputs: cases.into(), took: began.elapsed() };
    };
    let seed = number("IDEM_FUZZ_SEED").unwrap_or_else(|| u64::from(std::process::id()) << 32 | u64::from(SEED as u32));
    let mut rounds = 0;
    while began.elapsed() < Duration::from_secs(seconds) {
        round(target, ROUND, seed.wrapping_add(rounds), &inputs, &check);
        rounds += 1;
    }
    Report { target: target.to_owned(), seed, inputs: rounds * u64::from(ROUND), took: began.elapsed() }
}

/// Feeds a target that takes bytes: the corpus, then as many bytes by chance as damaged ones of the corpus and of `good`.
///
/// # Panics
/// As [`fuzz`], and where there is no corpus of the target.
pub fn fuzz_bytes(target: &str, cases: u32, good: Vec<Vec<u8>>, check: impl Fn(&[u8])) -> Report {
    let mut seeds = corpus(target);
    seeds.extend(good);
    for seed in &seeds {
        check(seed);
    }
    fuzz(target, cases, damaged(seeds), |bytes| check(&bytes))
}

/// Feeds a target that takes text: the corpus, then text by chance, of `pieces` that mean something to the target and of
/// any other letters, and changed text of the corpus and of `good`.
///
/// # Panics
/// As [`fuzz_bytes`].
pub fn fuzz_text(
    target: &str,
    cases: u32,
    pieces: &'static [&'static str],
    good: Vec<String>,
    check: impl Fn(&str),
) -> Report {
    let read = |bytes| String::from_utf8(bytes).unwrap_or_else(|_| panic!("the corpus of {target} is not all text"));
    let mut seeds: Vec<String> = corpus(target).into_iter().map(read).collect();
    seeds.extend(good);
    for seed in &seeds {
        check(seed);
    }
    fuzz(target, cases, changed(seeds, pieces), |text| check(&text))
}

fn round<S: Strategy>(target: &str, cases: u32, seed: u64, inputs: &S, check: &impl Fn(S::Value)) {
    // What fails is kept by hand: as an input of the corpus, or as a test.
    let config = Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let run = runner.run(inputs, |input| {
        check(input);
        Ok(())
    });
    if let Err(failure) = run {
        panic!("{target}, seed {seed}: {failure}");
    }
}

/// What is kept of a target, a file an input.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let read = || -> std::io::Result<Vec<Vec<u8>>> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(&folder)?.map(|file| Ok(file?.path())).collect::<std::io::Result<_>>()?;
        files.sort();
        files.iter().map(std::fs::read).collect()
    };
    read().unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is a whole number, not `{value}`")))
}
