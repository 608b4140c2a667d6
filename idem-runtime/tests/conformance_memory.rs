//! The conformance suite on the memory store.
#![cfg(feature = "testing")]

use std::sync::Arc;

use idem_runtime::MemoryStore;
use idem_runtime::testing::ManualClock;
use idem_runtime::testing::conformance::{self, BoxError, Fixture, Tamper};

async fn open() -> Result<Fixture, BoxError> {
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

/// More of them than the suite asks of a store on a disk.
#[tokio::test]
async fn the_memory_store_agrees_with_the_model_in_thousands_of_sequences() {
    let many = async || Ok(open().await?.seeds(0..3_000));
    conformance::run_where(many, |check| check.name.starts_with("random_")).await.assert_passed();
}

mod each {
    idem_runtime::conformance_tests!(super::open);
}
