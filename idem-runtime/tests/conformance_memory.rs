//! The conformance suite on the memory store, and what its limit does.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, ClaimVerdict};
use idem_runtime::key::{KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::Owner;
use idem_runtime::testing::ManualClock;
use idem_runtime::testing::conformance::{self, BoxError, Fixture, Tamper};
use idem_runtime::transition::MIN_GRACE;
use idem_runtime::{MemoryStore, Store, StoreError};

async fn open() -> Result<Fixture, BoxError> {
    idem_test_log::listen();
    let clock = ManualClock::new();
    let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    let (other, tampered) = (store.clone(), store.clone());
    let fixture = Fixture::new(Arc::new(store), Arc::new(other)).clock(clock);
    Ok(fixture.tamper(move |key, how| {
        // Bytes that do not read as a record cannot come to be in a store without bytes.
        let done = how == Tamper::NoDeadline && tampered.tamper(&key, |record| record.lease_until = None);
        std::future::ready(Ok(done))
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_conforms() {
    conformance::run(open).await.assert_passed();
}

/// As a store is checked that lives by a server's clock: leases are short, and what would take days is skipped.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_conforms_while_time_really_passes() {
    let report = conformance::run(async || {
        let store = MemoryStore::new();
        Ok(Fixture::new(Arc::new(store.clone()), Arc::new(store)))
    })
    .await;
    report.assert_passed();
    let days = report.skipped().filter(|finding| finding.check.rule == "PROTO-14").count();
    assert_eq!(days, 4, "{report}");
}

/// More of them than the suite asks of a store on a disk.
#[tokio::test]
async fn the_memory_store_agrees_with_the_model_in_thousands_of_sequences() {
    let many = async || Ok(open().await?.seeds(0..1_000));
    conformance::run_where(many, |check| check.name.starts_with("random_")).await.assert_passed();
}

mod each {
    idem_runtime::testing::conformance_tests!(super::open);
}

/// Some keys lie beside each other in the store and some do not.
fn claim(number: usize) -> ClaimRequest {
    let mut writer = KeyWriter::new();
    writer.arg("number", &number).unwrap();
    ClaimRequest {
        key: writer.finish(&KeySpace::new("test"), &TaskIdent::new("fill", NonZeroU32::MIN)).unwrap(),
        owner: Owner::random(),
        lease: Duration::from_secs(30),
        fingerprint: None,
        holder: Arc::default(),
        on_stale: OnStale::Rerun,
        max_attempts: None,
        grace: Retention::For(Duration::ZERO),
    }
}

#[tokio::test]
async fn a_full_memory_store_makes_room_of_what_is_over_and_evicts_nothing_that_lives() {
    const LIMIT: usize = 100;
    let clock = ManualClock::new();
    let store = MemoryStore::builder().clock(Arc::new(clock.clone())).max_records(LIMIT).build();
    for round in 0..3 {
        let claims: Vec<_> = (0..LIMIT).map(|number| claim(round * 1_000 + number)).collect();
        for request in &claims {
            let verdict = store.claim(request).await;
            assert!(matches!(verdict, Ok(ClaimVerdict::Claimed(_))), "round {round}: {verdict:?}");
        }
        let refused = store.claim(&claim(round * 1_000 + LIMIT)).await;
        assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
        for request in &claims {
            assert!(store.get(&request.key).await.unwrap().is_some(), "a live record was evicted");
        }
        clock.advance(MIN_GRACE * 2);
    }
}
