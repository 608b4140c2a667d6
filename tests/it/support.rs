//! What the tests share: a runtime on a store of its own, with a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use idem::testing::{FaultStore, ManualClock};
use idem::{MemoryStore, Runtime, Store};

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error("refused by the body: {0}")]
    Body(String),
}

/// The longest that a test waits for a condition.
pub const BOUND: Duration = Duration::from_secs(20);

/// A runtime on a store of its own, behind a store that can lose things.
pub struct Bench {
    pub runtime: Runtime,
    pub store: FaultStore,
    pub clock: ManualClock,
    _folder: Option<tempfile::TempDir>,
}

impl Bench {
    pub async fn memory() -> Self {
        let clock = ManualClock::new();
        let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
        Self::on(Arc::new(store), clock, None)
    }

    #[cfg(feature = "sqlite")]
    pub async fn sqlite() -> Self {
        let clock = ManualClock::new();
        let folder = tempfile::tempdir().unwrap();
        let open = idem::SqliteStore::builder(folder.path().join("idem.db")).clock(Arc::new(clock.clone())).open();
        Self::on(Arc::new(open.await.unwrap()), clock, Some(folder))
    }

    fn on(store: Arc<dyn Store>, clock: ManualClock, folder: Option<tempfile::TempDir>) -> Self {
        let store = FaultStore::new(store);
        let bench = Self { runtime: build(&store, &clock), store, clock, _folder: folder };
        bench
    }

    /// Another runtime on the same store, as another process has one.
    pub fn other_process(&self) -> Runtime {
        build(&self.store, &self.clock)
    }
}

fn build(store: &FaultStore, clock: &ManualClock) -> Runtime {
    let builder = Runtime::builder().store(store.clone()).namespace("it").clock(Arc::new(clock.clone()));
    builder.build().unwrap()
}

/// Waits until `done` holds, within a bound.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + BOUND;
    while !done().await {
        assert!(tokio::time::Instant::now() < deadline, "never came true: {what}");
        tokio::task::yield_now().await;
    }
}

/// Runs each test on every embedded store.
macro_rules! on_each_store {
    ($($(#[$meta:meta])* async fn $name:ident($bench:ident: Bench) $body:block)*) => {
        $($(#[$meta])* async fn $name($bench: $crate::support::Bench) $body)*

        mod memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::support::Bench::memory().await).await;
            })*
        }

        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::support::Bench::sqlite().await).await;
            })*
        }
    };
}
pub(crate) use on_each_store;

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
