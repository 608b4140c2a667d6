//! The conformance suite on the PostgreSQL store: two stores on one schema, as two processes have it.
#![cfg(all(feature = "postgres", feature = "testing"))]

mod postgres_support;

use std::sync::Arc;
use std::time::Duration;

use idem_runtime::testing::conformance::{self, BoxError, Fixture, Tamper};
use idem_runtime::{Key, PostgresStore, Store, StoreError};
use idem_test_servers::Postgres;
use postgres_support::Schema;
use sqlx::postgres::PgPoolOptions;

/// Long enough for a busy machine: the checks really wait, eight at a time.
const LEASE: Duration = Duration::from_secs(2);

/// Of each handle. Eight checks with up to six handles run at once.
const CONNECTIONS: u32 = 3;

/// A server that does not wait for the disk, on which other tests work too: leases are to run out when they should.
fn quick_server() -> Postgres {
    Postgres::start(&[("fsync", "off"), ("max_connections", "200")])
}

async fn open(url: String, lease: Duration) -> Result<Fixture, BoxError> {
    let schema = Arc::new(Schema::on(url).await);
    let (store, other) = (opened(&schema).await?, opened(&schema).await?);
    // The store takes no time from its client: there is no clock that could be wrong, so plain handles are the proof.
    let mut skewed = Vec::new();
    for _ in 0..4 {
        skewed.push(Arc::new(opened(&schema).await?) as Arc<dyn Store>);
    }
    let tampered = Arc::clone(&schema);
    let fixture = Fixture::new(Arc::new(store), Arc::new(other)).skewed(skewed).keep(schema);
    Ok(fixture.lease(lease).tamper(move |key, how| tamper(Arc::clone(&tampered), key, how)))
}

/// The same over an application's pools.
async fn open_over_pools(url: String) -> Result<Fixture, BoxError> {
    let schema = Arc::new(Schema::on(url).await);
    let pooled = async || {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(&schema.url).await?;
        Ok::<_, BoxError>(Arc::new(PostgresStore::pool_builder(pool).schema(&schema.name).open().await?))
    };
    let (store, other) = (pooled().await?, pooled().await?);
    let tampered = Arc::clone(&schema);
    let fixture = Fixture::new(store, other).keep(schema).lease(LEASE);
    Ok(fixture.tamper(move |key, how| tamper(Arc::clone(&tampered), key, how)))
}

async fn opened(schema: &Schema) -> Result<PostgresStore, StoreError> {
    PostgresStore::builder(&schema.url).schema(&schema.name).max_connections(CONNECTIONS as usize).open().await
}

async fn tamper(schema: Arc<Schema>, key: Key, how: Tamper) -> Result<bool, BoxError> {
    let update = match how {
        Tamper::NoDeadline => "UPDATE idem_records SET lease_until = NULL WHERE key = $1",
        Tamper::NewerFormat => "UPDATE idem_records SET format = format + 2 WHERE key = $1",
        Tamper::Corrupt => "UPDATE idem_records SET state = 'dancing' WHERE key = $1",
        _ => return Ok(false),
    };
    let update = sqlx::query(update).bind(key.digest().as_slice());
    Ok(update.execute(&mut schema.raw().await).await?.rows_affected() == 1)
}

/// They would really take so long.
const DAYS: [&str; 5] = [
    "forever_is_forever",
    "time_is_over_at_its_end_and_not_before",
    "evidence_is_kept_for_a_day",
    "longer_grace_is_kept",
    "evidence_that_forbids_a_rerun_never_runs_out",
];

/// The cells of the table wait for several leases each.
fn is_cells(check: &conformance::Check) -> bool {
    check.name.starts_with("cells_of")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_postgres_store_conforms() {
    let server = quick_server();
    let opened = async || open(server.url().into(), LEASE).await;
    conformance::run_where(opened, |check| !is_cells(check)).await.assert_passed_but(&DAYS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_postgres_store_conforms_in_every_cell_of_the_table() {
    let server = quick_server();
    let opened = async || open(server.url().into(), LEASE / 2).await;
    conformance::run_where(opened, is_cells).await.assert_passed_but(&[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_postgres_store_conforms_over_an_application_s_pool() {
    let server = quick_server();
    // The cells of the table are the transition's, whatever the connections: dozens of steps within one lease.
    let wanted = |check: &conformance::Check| !is_cells(check);
    let report = conformance::run_where(async || open_over_pools(server.url().into()).await, wanted).await;
    report.assert_passed_but(&[&["clocks_of_clients_change_nothing"][..], &DAYS].concat());
}
