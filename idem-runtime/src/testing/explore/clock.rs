//! The time of a schedule: one clock for its store and all its processes, each of which has virtual time of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::clock::{Clock, Timestamp};

/// Where a schedule begins: 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// Follows the paused time of the async runtime that it is read in, and goes on from one process to the next.
#[derive(Debug)]
pub(super) struct Virtual(Mutex<Time>);

#[derive(Debug)]
struct Time {
    /// The time of the present process at its beginning, and what had passed by then.
    begun: Instant,
    before: Duration,
    /// What had passed when it was last read: the answer outside of any process.
    read: Duration,
}

impl Virtual {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Time { begun: Instant::now(), before: Duration::ZERO, read: Duration::ZERO }))
    }

    /// The process in whose async runtime this is called begins, or goes on; its own clock shows that `reached` had passed
    /// when it last ran. That is moved on to the present time as well, so that what the world keeps of it does not go back.
    pub(super) async fn goes_on(&self, reached: Duration) {
        let behind = self.passed().saturating_sub(reached);
        self.is_here(behind);
        tokio::time::advance(behind).await;
    }

    /// From now on time passes in the process in which this is called, once its own clock, which is behind, was moved on.
    pub(super) fn is_here(&self, behind: Duration) {
        let mut time = self.time();
        (time.begun, time.before) = (Instant::now() + behind, time.read);
    }

    /// What has passed. Not read anew: the time of the process before has nothing to do with that of the next.
    pub(super) fn passed(&self) -> Duration {
        self.time().read
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time as a process looks at it, which may have been stopped after it looked.
#[derive(Debug)]
pub(super) struct Looked {
    shared: Arc<Virtual>,
    stopped_at: Mutex<Option<Duration>>,
}

impl Looked {
    pub(super) fn new(shared: Arc<Virtual>) -> Self {
        Self { shared, stopped_at: Mutex::default() }
    }

    /// The process goes on as if it had looked at the clock when this had passed; with nothing, it looks again.
    pub(super) fn last_looked(&self, at: Option<Duration>) {
        *self.stopped_at.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for Looked {
    fn now(&self) -> Timestamp {
        START + self.uptime()
    }

    fn uptime(&self) -> Duration {
        let stopped_at = *self.stopped_at.lock().unwrap_or_else(PoisonError::into_inner);
        stopped_at.unwrap_or_else(|| self.shared.uptime())
    }
}

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        START + self.uptime()
    }

    fn uptime(&self) -> Duration {
        let mut time = self.time();
        if Handle::try_current().is_ok() {
            time.read = time.before + Instant::now().saturating_duration_since(time.begun);
        }
        time.read
    }
}
