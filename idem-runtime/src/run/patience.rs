//! How long, and how often, a duplicate waits for a running call.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::ambient::Frame;
use crate::error::{At, Error};
use crate::gate::Pass;
use crate::key::Key;
use crate::sync::time::{self, Instant};

/// The first pause between two questions to the store.
const FIRST: Duration = Duration::from_millis(5);

/// The longest: so a call that ended elsewhere is seen within half a second, and an orphan within a lease and half a second.
const LONGEST: Duration = Duration::from_millis(500);

/// What is left of a duplicate's patience.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    pass: &'a Pass,
    until: Option<Instant>,
    pause: Duration,
}

/// Why a duplicate waits no longer.
#[derive(Debug)]
pub(super) enum Over {
    /// The patience is used up.
    Exhausted,
    /// The runtime is shutting down.
    ShutDown,
}

impl Over {
    /// As the error of a call that waited for another.
    pub(super) fn error(self, key: &Key, retry_after: Duration) -> Error {
        let at = At::new(key);
        match self {
            Self::Exhausted => Error::InProgress { at, retry_after },
            Self::ShutDown => Error::ShutDown { at },
        }
    }
}

impl<'a> Patience<'a> {
    /// Patience for as long as the task's `wait` says; without end where it says nothing.
    pub(super) fn new(wait: Option<Duration>, pass: &'a Pass) -> Self {
        Self { pass, until: wait.and_then(|wait| Instant::now().checked_add(wait)), pause: FIRST }
    }

    /// Waits for a future as long as there is patience.
    pub(super) async fn with<F: Future>(&self, future: F) -> Result<F::Output, Over> {
        let in_time = async {
            match self.until {
                Some(until) => time::timeout_at(until, future).await.map_err(|_| Over::Exhausted),
                None => Ok(future.await),
            }
        };
        let (mut in_time, mut revoked) = (pin!(in_time), pin!(self.pass.revoked()));
        poll_fn(|cx| match in_time.as_mut().poll(cx) {
            Poll::Pending => revoked.as_mut().poll(cx).map(|()| Err(Over::ShutDown)),
            ended => ended,
        })
        .await
    }

    /// Waits before the store is asked again: twice as long each time, with jitter, so that the waiters of many processes
    /// do not ask in step; never beyond the lease that is waited for.
    pub(super) async fn pause(&mut self, lease_left: Option<Duration>) -> Result<(), Over> {
        let jittered = self.pause.mul_f64(Frame::jitter());
        let pause = lease_left.map_or(jittered, |left| jittered.min(left.max(Duration::from_millis(1))));
        self.pause = (self.pause * 2).min(LONGEST);
        self.with(time::sleep(pause)).await
    }
}
