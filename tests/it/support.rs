//! What the tests share: a runtime on a store of its own, with a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use idem::clock::{Clock, SystemClock};
use idem::testing::{Fault, FaultStore, ManualClock, Op};
use idem::{MemoryStore, Runtime, Store, StoreError};

#[path = "../place/mod.rs"]
mod place;

pub use self::place::Place;

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error("refused by the body: {0}")]
    Body(String),
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    #[error(transparent)]
    Sql(#[from] idem::sqlx::Error),
}

/// The longest that a test waits for a condition.
pub const BOUND: Duration = Duration::from_secs(20);

#[cfg(feature = "sqlite")]
const FILE: &str = "idem.db";

/// The stores; the clock of the embedded ones can be the test's.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    MySql,
    #[cfg(feature = "redis")]
    Redis,
}

/// A runtime on a store of its own, behind a store that can lose things.
pub struct Bench {
    pub runtime: Runtime,
    pub store: FaultStore,
    /// The clock of the store and of the runtime; it stands still until the test moves it.
    pub clock: ManualClock,
    kind: Kind,
    place: Option<Place>,
}

impl Bench {
    pub async fn new(kind: Kind) -> Self {
        let clock = ManualClock::new();
        Self::on(kind, clock.clone(), Arc::new(clock)).await
    }

    /// A bench on a new store of the same kind whose clocks are the machine's: for faults that take real time.
    pub async fn in_real_time(&self) -> Self {
        Self::on(self.kind, ManualClock::new(), Arc::new(SystemClock)).await
    }

    /// A bench where all clocks are the machine's and the server's.
    pub async fn by_real_clocks(kind: Kind) -> Self {
        Self::on(kind, ManualClock::new(), Arc::new(SystemClock)).await
    }

    async fn on(kind: Kind, manual: ManualClock, clock: Arc<dyn Clock>) -> Self {
        idem_test_log::listen();
        let place = match kind {
            Kind::Memory => None,
            #[cfg(feature = "sqlite")]
            Kind::Sqlite => Some(Place::sqlite()),
            #[cfg(feature = "postgres")]
            Kind::Postgres => Some(Place::postgres()),
            #[cfg(feature = "mysql")]
            Kind::MySql => Some(Place::mysql()),
            #[cfg(feature = "redis")]
            Kind::Redis => Some(Place::redis()),
        };
        let store: Arc<dyn Store> = match (kind, &place) {
            #[cfg(feature = "sqlite")]
            (Kind::Sqlite, Some(place)) => {
                let file = place.folder().unwrap().join(FILE);
                Arc::new(idem::SqliteStore::builder(file).clock(Arc::clone(&clock)).open().await.unwrap())
            }
            (_, Some(place)) => idem::connect(&place.url).await.unwrap(),
            (_, None) => Arc::new(MemoryStore::builder().clock(Arc::clone(&clock)).build()),
        };
        let store = FaultStore::new(store);
        Self { runtime: build(&store, clock), store, clock: manual, kind, place }
    }

    /// Another runtime on the same store, by the machine's clock.
    pub fn other_real_process(&self) -> Runtime {
        build(&self.store, Arc::new(SystemClock))
    }

    /// Another runtime on the same store, as another process has one.
    pub fn other_process(&self) -> Runtime {
        build(&self.store, Arc::new(self.clock.clone()))
    }

    /// The same, on a machine whose wall clock is off by so many seconds.
    pub fn skewed_process(&self, seconds: i64) -> Runtime {
        let by = Duration::from_secs(seconds.unsigned_abs());
        let clock = if seconds < 0 { self.clock.behind(by) } else { self.clock.ahead(by) };
        build(&self.store, Arc::new(clock))
    }

    /// The SQLite store's file.
    #[cfg(feature = "sqlite")]
    pub fn file(&self) -> Option<std::path::PathBuf> {
        self.place.as_ref().and_then(Place::folder).map(|folder| folder.join(FILE))
    }

    /// How many calls of an operation came from runtimes, keepers aside.
    pub fn count(&self, op: Op) -> u64 {
        self.store.faults().count(op)
    }
}

fn build(store: &FaultStore, clock: Arc<dyn Clock>) -> Runtime {
    Runtime::builder().store(store.clone()).namespace("it").clock(clock).build().unwrap()
}

/// The store is away.
pub fn away() -> Fault {
    Fault::Error(StoreError::Unavailable { store: "the test's store".into(), reason: "away".into() })
}

/// Another transaction holds the record.
pub fn busy() -> Fault {
    Fault::Error(StoreError::Busy { store: "the test's store".into(), reason: "a lock".into() })
}

/// Waits until `done` holds, within a bound.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + BOUND;
    while !done().await {
        assert!(tokio::time::Instant::now() < deadline, "never came true: {what}");
        // tidy: allow sleep: between looks, so that what is waited for has the processor
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Runs each test on every embedded store.
macro_rules! on_each_store {
    ($($(#[$meta:meta])* async fn $name:ident($bench:ident: Bench) $body:block)*) => {
        $($(#[$meta])* async fn $name($bench: $crate::support::Bench) $body)*

        mod memory {
            $(#[tokio::test]
            async fn $name() {
                let kind = $crate::support::Kind::Memory;
                super::$name($crate::support::Bench::new(kind).await).await;
            })*
        }

        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let kind = $crate::support::Kind::Sqlite;
                super::$name($crate::support::Bench::new(kind).await).await;
            })*
        }
    };
}
pub(crate) use on_each_store;

/// Runs each test on every store there is, by real clocks.
macro_rules! on_every_store {
    ($($(#[$meta:meta])* async fn $name:ident($bench:ident: Bench) $body:block)*) => {
        $($(#[$meta])* async fn $name($bench: $crate::support::Bench) $body)*

        $crate::support::on_every_store!(@ memory, Memory; $($name)*);
        #[cfg(feature = "sqlite")]
        $crate::support::on_every_store!(@ sqlite, Sqlite; $($name)*);
        #[cfg(feature = "postgres")]
        $crate::support::on_every_store!(@ postgres, Postgres; $($name)*);
        #[cfg(feature = "mysql")]
        $crate::support::on_every_store!(@ mysql, MySql; $($name)*);
        #[cfg(feature = "redis")]
        $crate::support::on_every_store!(@ redis, Redis; $($name)*);
    };
    (@ $module:ident, $kind:ident; $($name:ident)*) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let kind = $crate::support::Kind::$kind;
                super::$name($crate::support::Bench::by_real_clocks(kind).await).await;
            })*
        }
    };
}
pub(crate) use on_every_store;

/// A body that waits to be let go, and counts its entries.
#[derive(Debug)]
pub struct Gate {
    value: u32,
    entries: std::sync::atomic::AtomicU32,
    open: tokio::sync::Semaphore,
}

impl Gate {
    pub fn new(value: u32) -> Arc<Self> {
        Arc::new(Self { value, entries: 0.into(), open: tokio::sync::Semaphore::new(0) })
    }

    /// The body's part.
    pub async fn pass(&self) -> u32 {
        self.entries.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        drop(self.open.acquire().await);
        self.value
    }

    /// Waits until a body is in.
    pub async fn entered(&self) {
        until("a body is entered", async || self.entries() > 0).await;
    }

    /// Lets one body go.
    pub fn open(&self) {
        self.open.add_permits(1);
    }

    pub fn entries(&self) -> u32 {
        self.entries.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// A runtime of its own on a memory store of its own.
pub fn runtime() -> Runtime {
    Runtime::builder().store(MemoryStore::new()).namespace("it").build().unwrap()
}

/// A claim of this key by a new owner, as another process might make it.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub fn claim(key: idem::Key) -> idem::claim::ClaimRequest {
    idem::claim::ClaimRequest {
        key,
        owner: idem::record::Owner::random(),
        lease: Duration::from_secs(60),
        fingerprint: None,
        holder: Arc::default(),
        on_stale: idem::policy::OnStale::Rerun,
        max_attempts: None,
        grace: idem::policy::Retention::For(Duration::ZERO),
    }
}

/// The completion of such a claim with a result in its envelope.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub fn completion(
    claim: &idem::claim::ClaimRequest,
    claimed: &idem::claim::Claimed,
    envelope: &[u8],
) -> idem::claim::CompleteRequest {
    idem::claim::CompleteRequest {
        claim: Arc::new(claim.clone()),
        fence: claimed.fence,
        attempt: claimed.attempt,
        result: idem::record::StoredResult::Envelope(envelope.into()),
        retention: idem::policy::Retention::For(Duration::from_secs(3_600)),
        may_restore: false,
    }
}
