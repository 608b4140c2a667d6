//! The testing kit itself: its clock and its faults do what they say.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, ClaimVerdict, FailRequest, Failure, RenewRequest, RenewVerdict};
use idem_runtime::clock::{Clock, Timestamp};
use idem_runtime::key::{KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Owner, State};
use idem_runtime::testing::conformance::{self, Fixture, Outcome};
use idem_runtime::testing::{Fault, FaultStore, ManualClock, Op};
use idem_runtime::{MemoryStore, Store, StoreError};

fn store() -> FaultStore {
    FaultStore::new(Arc::new(MemoryStore::new()))
}

fn claim() -> Arc<ClaimRequest> {
    Arc::new(ClaimRequest {
        key: KeyWriter::new().finish(&KeySpace::new("test"), &TaskIdent::new("pay", NonZeroU32::MIN)).unwrap(),
        owner: Owner::random(),
        lease: Duration::from_secs(30),
        fingerprint: None,
        holder: Arc::default(),
        on_stale: OnStale::Rerun,
        max_attempts: None,
        grace: Retention::For(Duration::ZERO),
    })
}

fn renewal(claim: &ClaimRequest) -> [RenewRequest; 1] {
    [RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: claim.lease }]
}

fn is_unavailable<T>(answer: Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable { .. }))
}

#[tokio::test]
async fn a_lost_request_is_not_applied_and_a_lost_reply_is() {
    for (fault, applied) in [(Fault::LoseRequest, false), (Fault::LoseReply, true)] {
        let (store, claim) = (store(), claim());
        store.faults().next(Op::Claim, fault);
        assert!(is_unavailable(store.claim(&claim).await));
        assert_eq!(store.get(&claim.key).await.unwrap().is_some(), applied);
        assert!(matches!(store.claim(&claim).await, Ok(ClaimVerdict::Claimed(_))));
    }
}

#[tokio::test]
async fn faults_come_by_number_in_turn_or_always_until_healed() {
    let (store, claim) = (store(), claim());
    let faults = store.faults();
    let full = StoreError::Full { store: "a disk".into(), reason: "no byte left".into() };
    faults.at(Op::Get, 3, Fault::LoseReply);
    faults.times(Op::Get, 1, Fault::Error(full.clone()));
    assert_eq!(store.get(&claim.key).await, Err(full));
    assert!(store.get(&claim.key).await.is_ok());
    assert!(is_unavailable(store.get(&claim.key).await));
    faults.always(Op::Get, Fault::LoseRequest);
    assert!(is_unavailable(store.get(&claim.key).await));
    assert!(store.claim(&claim).await.is_ok(), "a fault of one operation is none of another");
    faults.heal();
    assert!(store.get(&claim.key).await.is_ok());
    assert_eq!((faults.count(Op::Get), faults.count(Op::Claim), faults.count(Op::Sweep)), (5, 1, 0));
    let log = faults.log();
    assert_eq!(log.len(), 6);
    assert_eq!((log[2].number, &log[2].fault), (3, &Some(Fault::LoseReply)));
    assert!(log.iter().all(|call| call.outcome.is_some() && call.key.is_some()));
    assert!(log[5].to_string().ends_with(": answered"), "{}", log[5]);
}

#[tokio::test]
async fn a_store_that_is_away_hears_nothing_until_it_is_healed() {
    let (store, claim) = (store(), claim());
    let faults = store.faults();
    faults.cut_from(Op::Get, 2);
    assert!(store.get(&claim.key).await.is_ok() && store.claim(&claim).await.is_ok());
    assert!(!faults.is_cut());
    assert!(is_unavailable(store.get(&claim.key).await) && faults.is_cut());
    let release = FailRequest { claim: Arc::clone(&claim), how: Failure::Release, error: None };
    assert!(is_unavailable(store.fail(&release).await), "no operation arrives any more");
    faults.heal();
    let record = store.get(&claim.key).await.unwrap().unwrap();
    assert_eq!(record.state, State::Running);
    faults.cut();
    assert!(is_unavailable(store.claim(&claim).await));
    assert_eq!(faults.log().last().unwrap().fault, Some(Fault::LoseRequest));
}

#[tokio::test]
async fn what_is_held_back_goes_on_when_it_is_released() {
    for (fault, applied) in [(Fault::HoldRequest, false), (Fault::HoldReply, true)] {
        let (store, claim) = (store(), claim());
        store.faults().next(Op::Claim, fault);
        let held = tokio::spawn({
            let (store, claim) = (store.clone(), Arc::clone(&claim));
            async move { store.claim(&claim).await }
        });
        store.faults().reached(Op::Claim, 1).await;
        tokio::task::yield_now().await;
        assert_eq!(store.faults().log()[0].outcome, None, "it is under way");
        assert_eq!(store.inner().get(&claim.key).await.unwrap().is_some(), applied);
        store.faults().release();
        assert!(matches!(held.await.unwrap(), Ok(ClaimVerdict::Claimed(_))));
    }
}

#[tokio::test]
async fn a_late_request_arrives_when_it_is_delivered() {
    let (store, claim) = (store(), claim());
    store.faults().next(Op::Claim, Fault::Late);
    assert!(is_unavailable(store.claim(&claim).await));
    assert!(store.get(&claim.key).await.unwrap().is_none());
    let release = FailRequest { claim: Arc::clone(&claim), how: Failure::NotStarted, error: None };
    store.fail(&release).await.unwrap();
    assert_eq!(store.faults().deliver().await, 1);
    assert!(matches!(store.claim(&claim).await, Ok(ClaimVerdict::Stale)));
    assert_eq!(store.faults().deliver().await, 0);
}

#[tokio::test]
async fn heartbeats_are_cut_while_calls_go_on() {
    let (store, claim) = (store(), claim());
    store.claim(&claim).await.unwrap();
    let keeper = store.keeper().await.unwrap();
    store.keeper_faults().always(Op::Renew, Fault::LoseRequest);
    assert!(is_unavailable(keeper.renew(&renewal(&claim)).await));
    assert_eq!(store.renew(&renewal(&claim)).await.unwrap(), [Ok(RenewVerdict::Renewed)]);
    assert_eq!((store.keeper_faults().count(Op::Renew), store.faults().count(Op::Renew)), (1, 1));
    store.keeper_faults().heal();
    assert_eq!(keeper.renew(&renewal(&claim)).await.unwrap(), [Ok(RenewVerdict::Renewed)]);
    store.faults().next(Op::Keeper, Fault::LoseRequest);
    assert!(is_unavailable(store.keeper().await));
}

#[tokio::test]
async fn a_dropped_request_that_was_held_back_is_never_applied() {
    let (store, claim) = (store(), claim());
    store.faults().next(Op::Claim, Fault::HoldRequest);
    let mut request = store.claim(&claim);
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(request.as_mut().poll(cx).is_pending())).await;
    assert!(polled);
    drop(request);
    store.faults().release();
    assert!(store.get(&claim.key).await.unwrap().is_none());
}

#[test]
fn the_clock_stands_goes_and_is_corrected() {
    let second = Duration::from_secs(1);
    let clock = ManualClock::at(Timestamp::from_micros(5_000_000));
    let (fast, slow) = (clock.ahead(second * 3), clock.behind(second * 2));
    let walls = || [&clock, &fast, &slow].map(|clock| clock.now().as_micros() / 1_000_000);
    assert_eq!(walls(), [5, 8, 3]);
    clock.clone().advance(second);
    assert_eq!((walls(), fast.uptime()), ([6, 9, 4], second));
    clock.step_back(second * 4);
    assert_eq!((walls(), clock.uptime()), ([2, 5, 0], second));
    slow.step_forward(second);
    assert_eq!(walls(), [3, 6, 1]);
    slow.set(Timestamp::from_micros(10_000_000));
    assert_eq!((walls(), clock.uptime()), ([12, 15, 10], second));
}

#[tokio::test]
async fn a_store_that_does_not_open_panics_or_is_slow_is_a_failed_check_and_not_the_end() {
    let names = ["claim_of_absent_is_granted", "release_frees_at_once"];
    let wanted = |check: &conformance::Check| names.contains(&check.name);
    let report = conformance::run_where(async || Err("no disk".into()), wanted).await;
    assert_eq!(report.failed().count(), 2);
    assert!(report.to_string().contains("no store: no disk"), "{report}");
    let report = conformance::run_where(
        async || {
            let store = store();
            let broken = StoreError::Schema { store: "it".into(), reason: "no table".into() };
            store.faults().always(Op::Fail, Fault::Error(broken));
            Ok(Fixture::new(Arc::new(store.clone()), Arc::new(store)).clock(ManualClock::new()))
        },
        wanted,
    )
    .await;
    let report = report.into_result().unwrap_err();
    let failed: Vec<_> = report.failed().collect();
    assert_eq!(failed.len(), 1, "{report}");
    let Outcome::Failed { found, steps } = &failed[0].outcome else { panic!("{report}") };
    assert!(found.contains("no table"), "{found}");
    assert!(steps.last().is_some_and(|step| step.contains("fails")), "{steps:?}");
}

/// A row of the table on a store in memory, while time really passes.
async fn running_cells(lease: Duration, store: &FaultStore) -> Outcome {
    let open = async || Ok(Fixture::new(Arc::new(store.clone()), Arc::new(store.clone())).lease(lease));
    let report = conformance::run_where(open, |check| check.name == "cells_of_running").await;
    report.findings()[0].outcome.clone()
}

#[tokio::test]
async fn a_row_of_the_table_that_was_held_up_for_a_lease_is_played_again() {
    let (lease, store) = (Duration::from_millis(100), store());
    let faults = store.faults();
    faults.next(Op::Renew, Fault::HoldRequest);
    let held = async {
        faults.reached(Op::Renew, 1).await;
        // tidy: allow sleep: the row's first lease, five of the fixture's, must really be over.
        tokio::time::sleep(lease * 6).await;
        faults.release();
    };
    let (outcome, ()) = tokio::join!(running_cells(lease, &store), held);
    assert_eq!(outcome, Outcome::Passed);
}

#[tokio::test]
async fn rows_that_always_take_longer_than_a_lease_are_not_judged() {
    let outcome = running_cells(Duration::from_nanos(1), &store()).await;
    let Outcome::Skipped(why) = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("its lease is 8ns: this store or machine is too slow"), "{why}");
}

#[test]
fn every_check_has_a_rule_that_the_specification_states() {
    let spec = include_str!("../../docs/spec/protocol.md");
    let mut names = std::collections::HashSet::new();
    for check in conformance::CHECKS {
        assert!(spec.contains(&format!("**{}** ", check.rule)), "{}: {}", check.name, check.rule);
        assert!(names.insert(check.name), "{} is there twice", check.name);
    }
    // And every check and test that the table of faults names is there.
    let mut tests = String::new();
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    [here.join("tests"), here.join("../tests")].iter().for_each(|folder| read_all(folder, &mut tests));
    for line in spec.lines().filter(|line| line.starts_with("| R")) {
        let mut columns = line.split('|').skip(3);
        let mut named = || columns.next().unwrap_or_default().split('`').skip(1).step_by(2);
        for name in named().filter(|name| name.matches('_').count() > 1) {
            assert!(names.contains(name), "the specification names a check `{name}`");
        }
        for name in named().filter(|name| !name.ends_with('…')) {
            assert!(tests.contains(name), "the specification names a test `{name}`");
        }
    }
}

/// The text of every Rust file below a folder.
fn read_all(folder: &std::path::Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}
