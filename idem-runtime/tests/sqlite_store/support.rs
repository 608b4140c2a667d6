//! A store in a folder of its own, and a clock that stands still.

#[path = "../store_support/mod.rs"]
mod requests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, Claimed};
use idem_runtime::clock::{Clock, Timestamp};
use idem_runtime::store::StoreFuture;
use idem_runtime::{SqliteStore, Store, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

pub use self::requests::*;

/// 2026-11-21T00:00:00Z.
pub const START: i64 = 1_795_219_200_000_000;

/// A clock that a test sets.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn at(micros: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(micros)))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn uptime(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// A store, its file and its clock.
pub struct Bench {
    pub store: SqliteStore,
    pub clock: Arc<TestClock>,
    pub folder: TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), TestClock::at(START));
        let store = SqliteStore::builder(folder.path().join("idem.db")).clock(clock.clone()).open().await.unwrap();
        Self { store, clock, folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("idem.db")
    }

    /// Another store on the same file.
    pub async fn neighbour(&self) -> SqliteStore {
        SqliteStore::builder(self.path()).clock(self.clock.clone()).open().await.unwrap()
    }

    /// A connection of the test's own.
    pub async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).connect().await.unwrap()
    }

    pub async fn sql(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.raw().await).await.unwrap();
    }

    pub async fn count(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM idem_records").fetch_one(&mut self.raw().await).await.unwrap()
    }

    pub async fn claim(&self, request: &ClaimRequest) -> Claimed {
        claimed(self.store.claim(request).await.unwrap())
    }
}

/// Polls once.
pub fn poll<T>(future: &mut StoreFuture<'_, T>) -> Poll<Result<T, StoreError>> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
