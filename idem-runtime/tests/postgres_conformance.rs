//! The conformance suite on the PostgreSQL store: two stores on one schema, as two processes have it.
#![cfg(all(feature = "postgres", feature = "testing"))]

mod postgres_support;

use std::sync::Arc;
use std::time::Duration;

use idem_runtime::testing::conformance::{self, BoxError, Fixture, Tamper};
use idem_runtime::{Key, PostgresStore, Store, StoreError};
use postgres_support::Schema;

/// The server may have 100 connections for all the checks that run at once.
const CONNECTIONS: usize = 3;

async fn open() -> Result<Fixture, BoxError> {
    let schema = Arc::new(Schema::new().await);
    let (store, other) = (opened(&schema).await?, opened(&schema).await?);
    // The store takes no time from its client: there is no clock that could be wrong, so plain handles are the proof.
    let mut skewed = Vec::new();
    for _ in 0..4 {
        skewed.push(Arc::new(opened(&schema).await?) as Arc<dyn Store>);
    }
    let tampered = Arc::clone(&schema);
    let fixture = Fixture::new(Arc::new(store), Arc::new(other)).skewed(skewed).keep(schema);
    Ok(fixture.lease(Duration::from_millis(1_000)).tamper(move |key, how| tamper(Arc::clone(&tampered), key, how)))
}

async fn opened(schema: &Schema) -> Result<PostgresStore, StoreError> {
    PostgresStore::builder(&schema.url).schema(&schema.name).max_connections(CONNECTIONS).open().await
}

async fn tamper(schema: Arc<Schema>, key: Key, how: Tamper) -> Result<bool, BoxError> {
    let update = match how {
        Tamper::NoDeadline => "UPDATE idem_records SET lease_until = NULL WHERE key = $1",
        Tamper::NewerFormat => "UPDATE idem_records SET format = format + 1 WHERE key = $1",
        Tamper::Corrupt => "UPDATE idem_records SET state = 'dancing' WHERE key = $1",
        _ => return Ok(false),
    };
    let update = sqlx::query(update).bind(key.digest().as_slice());
    Ok(update.execute(&mut schema.raw().await).await?.rows_affected() == 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_postgres_store_conforms() {
    conformance::run(open).await.assert_passed();
}

mod each {
    idem_runtime::conformance_tests!(super::open);
}
