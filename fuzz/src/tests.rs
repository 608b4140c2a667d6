//! The runner finds what is planted, and says how to have it again.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::fuzz;
use super::mutate::{changed, damaged};
use super::run::SEED;

#[test]
fn a_planted_mistake_is_found_and_made_small() {
    let run = || fuzz("planted", 2_000, 0..10_000_u32, |number| assert!(number < 700, "too large"));
    let failure = catch_unwind(AssertUnwindSafe(|| drop(run()))).unwrap_err();
    let says = failure.downcast_ref::<String>().unwrap();
    assert!(says.contains(&format!("planted, seed {SEED}")) && says.contains("minimal failing input: 700"), "{says}");
}

#[test]
fn the_short_run_is_the_same_every_time() {
    let inputs = || {
        let sum = Cell::new(0_u64);
        let report = fuzz("same", 100, 0..u64::MAX >> 8, |number| sum.set(sum.get() + number));
        assert_eq!((report.inputs, report.seed), (100, SEED));
        sum.get()
    };
    assert_eq!(inputs(), inputs());
}

#[test]
fn damage_keeps_some_and_changes_some() {
    let mut runner = TestRunner::deterministic();
    let good = b"0123456789".to_vec();
    let strategy = damaged(vec![good.clone()]);
    let inputs: Vec<Vec<u8>> = (0..500).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    assert!(inputs.contains(&good));
    assert!(inputs.iter().any(|input| input.len() > good.len() && input.starts_with(b"01")));
    assert!(inputs.iter().any(|input| input.len() < good.len() && good.starts_with(input)));
    let texts = changed(vec!["good".to_owned()], &["<piece>"]);
    let texts: Vec<String> = (0..500).map(|_| texts.new_tree(&mut runner).unwrap().current()).collect();
    assert!(texts.iter().any(|text| text.contains("<piece>") && text.contains("od")));
}
