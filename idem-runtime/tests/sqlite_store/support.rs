//! A store in a folder of its own, a clock that stands still, and requests.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, ClaimVerdict, Claimed, CompleteRequest, FailRequest, Failure};
use idem_runtime::clock::{Clock, Timestamp};
use idem_runtime::key::{Fingerprint, Key, KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Holder, Owner, StoredResult};
use idem_runtime::store::StoreFuture;
use idem_runtime::{SqliteStore, Store, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

/// 2026-11-21T00:00:00Z.
pub const START: i64 = 1_795_219_200_000_000;

pub const LEASE: Duration = Duration::from_secs(30);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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

pub fn key(task: &str, number: u64) -> Key {
    fingerprinted(task, number, &0).0
}

/// A key and the fingerprint of an argument beside it.
pub fn fingerprinted(task: &str, number: u64, argument: &u64) -> (Key, Fingerprint) {
    let mut writer = KeyWriter::new();
    writer.arg("amount", argument).unwrap();
    let (space, task) = (KeySpace::new("shop"), TaskIdent::new(task, NonZeroU32::MIN));
    writer.finish_explicit(&space, &task, &number.to_string()).unwrap()
}

pub fn request(key: Key) -> ClaimRequest {
    ClaimRequest {
        key,
        owner: Owner::random(),
        lease: LEASE,
        fingerprint: None,
        holder: Arc::new(Holder { host: "worker-1".into(), process: 4711, trace: Some("trace-9".into()) }),
        on_stale: OnStale::Rerun,
        max_attempts: None,
        grace: Retention::For(DAY),
    }
}

pub fn completion(claim: &ClaimRequest, claimed: &Claimed, result: &[u8]) -> CompleteRequest {
    CompleteRequest {
        claim: Arc::new(claim.clone()),
        fence: claimed.fence,
        attempt: claimed.attempt,
        result: StoredResult::Envelope(result.into()),
        retention: Retention::For(DAY),
        may_restore: false,
    }
}

pub fn failure(claim: &ClaimRequest, how: Failure) -> FailRequest {
    FailRequest { claim: Arc::new(claim.clone()), how, error: Some("it broke".into()) }
}

pub fn claimed(verdict: ClaimVerdict) -> Claimed {
    match verdict {
        ClaimVerdict::Claimed(claimed) => claimed,
        other => panic!("not claimed: {other:?}"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Claims and completes.
pub async fn done(store: &impl Store, key: Key, result: &[u8]) {
    let request = request(key);
    let claimed = claimed(store.claim(&request).await.unwrap());
    store.complete(&completion(&request, &claimed, result)).await.unwrap();
}

/// Polls once.
pub fn poll<T>(future: &mut StoreFuture<'_, T>) -> Poll<Result<T, StoreError>> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
