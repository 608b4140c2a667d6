//! What the suite is given to work with.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::key::Key;
use crate::store::Store;
use crate::testing::ManualClock;

/// Why a store could not be opened or tampered with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Short enough that a suite on a real clock ends in minutes, long enough that a busy machine is not late.
const REAL_LEASE: Duration = Duration::from_millis(600);

/// No longer than this is really waited for.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Random sequences; a store on a disk takes a second or two for them.
pub(super) const SEEDS: u64 = 64;

/// A lease that nobody waits for.
const MANUAL_LEASE: Duration = Duration::from_secs(30);

/// What the library's own operations cannot do to a record, and life can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tamper {
    /// The record's claim has no deadline.
    NoDeadline,
    /// The record says that it is of the format after the one this library knows.
    NewerFormat,
    /// The record does not read as one.
    Corrupt,
}

type Tampering = Pin<Box<dyn Future<Output = Result<bool, BoxError>> + Send>>;
type Tamperer = Box<dyn Fn(Key, Tamper) -> Tampering + Send + Sync>;

/// An empty store for one check.
pub struct Fixture {
    pub(super) store: Arc<dyn Store>,
    pub(super) other: Arc<dyn Store>,
    pub(super) clock: Option<ManualClock>,
    pub(super) lease: Duration,
    pub(super) skewed: Vec<Arc<dyn Store>>,
    pub(super) tamperer: Option<Tamperer>,
    pub(super) seeds: Range<u64>,
    pub(super) acts: Vec<String>,
    pub(super) expires_itself: bool,
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

impl Fixture {
    /// A store without records, and a second handle on the same records as another process would have it.
    pub fn new(store: Arc<dyn Store>, other: Arc<dyn Store>) -> Self {
        let (clock, skewed, tamperer, kept) = (None, Vec::new(), None, Vec::new());
        let (lease, seeds) = (REAL_LEASE, 0..SEEDS);
        let acts = Vec::new();
        Self { store, other, clock, lease, skewed, tamperer, seeds, acts, expires_itself: false, kept }
    }

    /// The clock that the store's records live by. Without one, time really passes.
    pub fn clock(mut self, clock: ManualClock) -> Self {
        self.clock = Some(clock);
        self.lease = MANUAL_LEASE;
        self
    }

    /// The lease that the checks claim for. On a real clock it must be far longer than a few operations take
    /// (default 600 ms); with a manual clock it costs nothing (default 30 s).
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// More handles on the same records, opened by clients whose own clocks are wrong, by an hour and by a month, both ways.
    pub fn skewed(mut self, handles: Vec<Arc<dyn Store>>) -> Self {
        self.skewed = handles;
        self
    }

    /// A way to do to a record what no operation does; `false` where it cannot be done to this store.
    pub fn tamper<F, Fut>(mut self, tamper: F) -> Self
    where
        F: Fn(Key, Tamper) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<bool, BoxError>> + Send + 'static,
    {
        self.tamperer = Some(Box::new(move |key, how| Box::pin(tamper(key, how))));
        self
    }

    /// The seeds of the random sequences, to run more of them or one again (default the first 64).
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.seeds = seeds;
        self
    }

    /// A sequence of acts, one a line, as a failed check of random sequences tells it: it is played before those of the seeds.
    pub fn acts(mut self, acts: impl Into<String>) -> Self {
        self.acts.push(acts.into());
        self
    }

    /// The store's server removes what is over by itself: how much of it a sweep removes is not counted.
    pub fn expires_itself(mut self) -> Self {
        self.expires_itself = true;
        self
    }

    /// Something that must live as long as the store: a temporary folder, a server process.
    pub fn keep(mut self, kept: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(kept));
        self
    }

    /// Lets this much of the store's time pass, or says that it would take too long.
    pub(super) async fn pass(&self, time: Duration) -> Result<(), TooLong> {
        match &self.clock {
            Some(clock) => clock.advance(time),
            None if time > LONGEST_WAIT => return Err(TooLong(time)),
            None => tokio::time::sleep(time).await,
        }
        Ok(())
    }
}

/// This would really take so long.
pub(super) struct TooLong(pub(super) Duration);

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("store", &self.store)
            .field("other", &self.other)
            .field("clock", &self.clock)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}
