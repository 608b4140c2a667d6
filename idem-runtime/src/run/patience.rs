//! How long, and how often, a duplicate waits for a running call.

use std::time::Duration;

use tokio::time::Instant;

use crate::ambient::Frame;

/// The first pause between two questions to the store.
const FIRST: Duration = Duration::from_millis(5);

/// The longest: so a call that ended elsewhere is seen within half a second, and an orphan within a lease and half a second.
const LONGEST: Duration = Duration::from_millis(500);

/// What is left of a duplicate's patience.
#[derive(Debug)]
pub(super) struct Patience {
    until: Option<Instant>,
    pause: Duration,
}

/// The patience is used up.
pub(super) struct Exhausted;

impl Patience {
    /// Patience for as long as the task's `wait` says; without end where it says nothing.
    pub(super) fn new(wait: Option<Duration>) -> Self {
        Self { until: wait.and_then(|wait| Instant::now().checked_add(wait)), pause: FIRST }
    }

    /// Waits for a future as long as there is patience.
    pub(super) async fn with<F: Future>(&self, future: F) -> Result<F::Output, Exhausted> {
        match self.until {
            Some(until) => tokio::time::timeout_at(until, future).await.map_err(|_| Exhausted),
            None => Ok(future.await),
        }
    }

    /// Waits before the store is asked again: twice as long each time, with jitter, so that the waiters of many processes
    /// do not ask in step; never beyond the lease that is waited for.
    pub(super) async fn pause(&mut self, lease_left: Option<Duration>) -> Result<(), Exhausted> {
        let jittered = self.pause.mul_f64(Frame::jitter());
        let pause = lease_left.map_or(jittered, |left| jittered.min(left.max(Duration::from_millis(1))));
        self.pause = (self.pause * 2).min(LONGEST);
        self.with(tokio::time::sleep(pause)).await
    }
}
