//! The conformance suite on the MySQL store: two stores on one database, as two processes have it.
#![cfg(all(feature = "mysql", feature = "testing"))]

mod mysql_support;

use std::sync::Arc;
use std::time::Duration;

use idem_runtime::testing::conformance::{self, BoxError, Fixture, Tamper};
use idem_runtime::{Key, MySqlStore, Store, StoreError};
use idem_test_servers::MySql;
use mysql_support::{Database, literal};
use sqlx::mysql::MySqlPoolOptions;

/// The server may have 150 connections for all the checks that run at once.
const CONNECTIONS: usize = 3;

/// Long enough for a busy machine: the checks really wait, eight at a time.
const LEASE: Duration = Duration::from_secs(2);

/// A server that does not wait for the disk, and for no other test's databases: leases are to run out when they should.
fn quick_server() -> MySql {
    MySql::start(&["--innodb-flush-log-at-trx-commit=0"])
}

async fn open(server: &MySql, lease: Duration) -> Result<Fixture, BoxError> {
    let database = Arc::new(Database::on(server.url()).await);
    let (store, other) = (opened(&database).await?, opened(&database).await?);
    // The store takes no time from its client: there is no clock that could be wrong, so plain handles are the proof.
    let mut skewed = Vec::new();
    for _ in 0..4 {
        skewed.push(Arc::new(opened(&database).await?) as Arc<dyn Store>);
    }
    let tampered = Arc::clone(&database);
    let fixture = Fixture::new(Arc::new(store), Arc::new(other)).skewed(skewed).keep(database);
    Ok(fixture.lease(lease).tamper(move |key, how| tamper(Arc::clone(&tampered), key, how)))
}

async fn opened(database: &Database) -> Result<MySqlStore, StoreError> {
    MySqlStore::builder(&database.url).max_connections(CONNECTIONS).open().await
}

async fn tamper(database: Arc<Database>, key: Key, how: Tamper) -> Result<bool, BoxError> {
    let set = match how {
        Tamper::NoDeadline => "lease_until = NULL",
        Tamper::NewerFormat => "format = format + 2",
        Tamper::Corrupt => "state = 'dancing'",
        _ => return Ok(false),
    };
    let update = format!("UPDATE idem_records SET {set} WHERE `key` = {}", literal(key.digest()));
    Ok(database.sql(&update).await == 1)
}

/// The same over an application's pools.
async fn open_over_pools(server: &MySql) -> Result<Fixture, BoxError> {
    let database = Arc::new(Database::on(server.url()).await);
    let pooled = async || {
        let pool = MySqlPoolOptions::new().max_connections(3).connect(&database.url).await?;
        Ok::<_, BoxError>(Arc::new(MySqlStore::from_pool(pool).await?))
    };
    let (store, other) = (pooled().await?, pooled().await?);
    let tampered = Arc::clone(&database);
    let fixture = Fixture::new(store, other).keep(database).lease(LEASE);
    Ok(fixture.tamper(move |key, how| tamper(Arc::clone(&tampered), key, how)))
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
async fn the_mysql_store_conforms() {
    let server = quick_server();
    let opened = async || open(&server, LEASE).await;
    conformance::run_where(opened, |check| !is_cells(check)).await.assert_passed_but(&DAYS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_mysql_store_conforms_in_every_cell_of_the_table() {
    let server = quick_server();
    let opened = async || open(&server, LEASE / 2).await;
    conformance::run_where(opened, is_cells).await.assert_passed_but(&[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_mysql_store_conforms_over_an_application_s_pool() {
    let server = quick_server();
    // The cells of the table are the transition's, whatever the connections: dozens of steps within one lease.
    let wanted = |check: &conformance::Check| !is_cells(check);
    let report = conformance::run_where(async || open_over_pools(&server).await, wanted).await;
    report.assert_passed_but(&[&["clocks_of_clients_change_nothing"][..], &DAYS].concat());
}
