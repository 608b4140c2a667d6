//! What random sequences find that no other check does: on a clock that the test moves, and while time really passes.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

#[path = "conformance_mutants/later.rs"]
mod later;

use std::sync::Arc;
use std::time::Duration;

use idem_runtime::clock::SystemClock;
use idem_runtime::testing::ManualClock;
use idem_runtime::testing::conformance::{self, Check, Fixture, Outcome, Report};
use later::{Forgetful, Later};

const RANDOM: &str = "random_sequences_agree_with_the_model";

/// Of a store that really waits, and is quick.
const LEASE: Duration = Duration::from_millis(200);

/// Enough for two leases, and what makes the second one another.
const FEW: usize = 8;

fn fixture(fault: Option<Later>, manual: bool) -> Fixture {
    if manual {
        let clock = ManualClock::new();
        let store = Forgetful::new(fault, Arc::new(clock.clone()));
        return Fixture::new(Arc::new(store.clone()), Arc::new(store)).clock(clock);
    }
    let store = Forgetful::new(fault, Arc::new(SystemClock));
    let fixture = Fixture::new(Arc::new(store.clone()), Arc::new(store)).lease(LEASE);
    // A slow one is slow in all of them.
    if matches!(fault, Some(Later::Slow(_))) { fixture.seeds(0..8) } else { fixture }
}

async fn report(fault: Option<Later>, manual: bool, acts: &str, wanted: impl Fn(&Check) -> bool) -> Report {
    conformance::run_where(async || Ok(fixture(fault, manual).acts(acts)), wanted).await
}

async fn random(fault: Option<Later>, manual: bool, acts: &str) -> Outcome {
    let report = report(fault, manual, acts, |check| check.name == RANDOM).await;
    report.findings()[0].outcome.clone()
}

fn found(outcome: Outcome) -> String {
    let Outcome::Failed { found, steps } = outcome else { panic!("{outcome:?}") };
    assert!(!steps.is_empty(), "{found}");
    found
}

/// The acts in what a check says.
fn acts(found: &str) -> String {
    found.lines().filter(|line| line.starts_with("    ")).map(|line| format!("{line}\n")).collect()
}

/// The random sequences find it, tell it in a few acts, and these find it again.
async fn is_told_in_a_few_acts(fault: Later) {
    for manual in [true, false] {
        let told = found(random(Some(fault), manual, "").await);
        let acts = acts(&told);
        assert!((1..=FEW).contains(&acts.lines().count()), "manual {manual}: {told}");
        assert!(told.starts_with("seed ") && told.contains("5 of 5 replays"), "{told}");
        let again = found(random(Some(fault), manual, &acts).await);
        assert!(again.starts_with("the sequence of the fixture: "), "{again}");
        assert_eq!(random(None, manual, &acts).await, Outcome::Passed);
    }
}

async fn is_caught_by_nothing_else(fault: Later) {
    let report = report(Some(fault), true, "", |_| true).await;
    let failed: Vec<_> = report.failed().map(|finding| finding.check.name).collect();
    assert_eq!(failed, [RANDOM], "{report}");
}

macro_rules! later {
    ($($name:ident: $fault:ident;)*) => {
        $(mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn is_told_in_a_few_acts() {
                super::is_told_in_a_few_acts(Later::$fault).await;
            }

            #[tokio::test]
            async fn is_caught_by_nothing_else() {
                super::is_caught_by_nothing_else(Later::$fault).await;
            }
        })*
    };
}

later! {
    a_fence_that_stands_still_after_a_retry: FenceAfterRetry;
    a_revived_claim_that_is_not_parked: ParkAfterRevival;
    attempts_that_a_remembered_failure_takes_away: AttemptsAfterFailure;
}

#[tokio::test]
async fn what_fails_only_sometimes_is_told_with_how_often() {
    let told = found(random(Some(Later::AttemptsSometimes), true, "").await);
    // Not one more than where it fails every time: each is tried often enough.
    assert_eq!(acts(&told).lines().count(), 4, "{told}");
    assert!(["1 of 5", "2 of 5"].iter().any(|often| told.contains(&format!("failed in {often} replays"))), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_is_too_slow_for_its_leases_neither_passes_nor_fails() {
    let outcome = random(Some(Later::Slow(LEASE)), false, "").await;
    let Outcome::Skipped(why) = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("too near to a deadline"), "{why}");
    // One that was given is not believed either.
    let outcome = random(Some(Later::Slow(LEASE)), false, "claim 0").await;
    assert!(matches!(&outcome, Outcome::Skipped(why) if why.starts_with("the end of a lease")), "{outcome:?}");
}

/// Too little to change an answer: the record says it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_that_is_a_little_too_long_is_seen_while_time_really_passes() {
    let told = found(random(Some(Later::Generous(LEASE / 4)), false, "").await);
    assert!(told.contains("the record afterwards: lease until"), "{told}");
    let acts = acts(&told);
    assert!(acts.lines().count() <= 2 && acts.contains("renew"), "{told}");
}

#[tokio::test]
async fn acts_that_do_not_read_are_a_failed_check() {
    for (text, says) in
        [("claim", "ends too early"), ("claim 1 2", "`2`"), ("dance", "no `dance`"), ("pass 1", "no time")]
    {
        let outcome = random(None, true, text).await;
        let Outcome::Failed { found, .. } = outcome else { panic!("{outcome:?}") };
        assert!(found.contains(&format!("`{text}` is no act")) && found.contains(says), "{found}");
    }
}
