//! The conformance suite on the SQLite store: two stores on one file, as two processes have it.
#![cfg(all(feature = "sqlite", feature = "testing"))]

use std::path::Path;
use std::sync::Arc;

use idem_runtime::testing::ManualClock;
use idem_runtime::testing::conformance::{self, BoxError, Fixture, Tamper};
use idem_runtime::{Key, SqliteStore, StoreError};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

async fn open() -> Result<Fixture, BoxError> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("idem.db");
    let clock = ManualClock::new();
    let (store, other) = (opened(&path, &clock).await?, opened(&path, &clock).await?);
    let fixture = Fixture::new(Arc::new(store), Arc::new(other)).clock(clock).keep(folder);
    Ok(fixture.tamper(move |key, how| tamper(SqliteConnectOptions::new().filename(&path), key, how)))
}

async fn opened(path: &Path, clock: &ManualClock) -> Result<SqliteStore, StoreError> {
    SqliteStore::builder(path).clock(Arc::new(clock.clone())).open().await
}

async fn tamper(file: SqliteConnectOptions, key: Key, how: Tamper) -> Result<bool, BoxError> {
    let update = match how {
        Tamper::NoDeadline => "UPDATE idem_records SET lease_until = NULL WHERE key = ?1",
        Tamper::NewerFormat => "UPDATE idem_records SET format = format + 2 WHERE key = ?1",
        Tamper::Corrupt => "UPDATE idem_records SET state = 'dancing' WHERE key = ?1",
        _ => return Ok(false),
    };
    let update = sqlx::query(update).bind(key.digest().as_slice());
    Ok(update.execute(&mut file.connect().await?).await?.rows_affected() == 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sqlite_store_conforms() {
    // All clients are on one machine, whose clock it is.
    conformance::run(open).await.assert_passed_but(&["clocks_of_clients_change_nothing"]);
}
