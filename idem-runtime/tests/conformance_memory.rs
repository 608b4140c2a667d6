//! The conformance suite on the memory store.
#![cfg(feature = "testing")]

use std::sync::Arc;

use idem_runtime::MemoryStore;
use idem_runtime::testing::ManualClock;
use idem_runtime::testing::conformance::{self, BoxError, Fixture};

async fn open() -> Result<Fixture, BoxError> {
    let clock = ManualClock::new();
    let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    Ok(Fixture::new(Arc::new(store.clone()), Arc::new(store)).clock(clock))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_conforms() {
    conformance::run(open).await.assert_passed();
}

mod each {
    idem_runtime::conformance_tests!(super::open);
}
