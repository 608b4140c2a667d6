//! The time of a schedule: one clock for its store and all its processes, each of which has virtual time of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};
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

    /// A process begins, whose async runtime this is called in. Its own clock is moved on to the present time as well, so
    /// that what the world keeps of it does not go back.
    pub(super) async fn begin(&self) {
        // Not read anew: the time of the process before has nothing to do with this one's.
        let passed = self.time().read;
        tokio::time::advance(passed).await;
        let mut time = self.time();
        (time.begun, time.before) = (Instant::now(), passed);
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
