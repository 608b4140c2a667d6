//! The body under its lease.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Lease;
use crate::clock::Clock;
use crate::sync::time::{self, Sleep};

/// A panic on its way to the caller; the record is settled first.
pub(crate) type Panic = Box<dyn Any + Send>;

/// How a body ended. A panic of its destructors, which run inside, is kept beside.
pub(crate) enum Ran<R> {
    /// It returned.
    Returned(R, Option<Panic>),
    /// It panicked.
    Panicked(Panic),
    /// The lease was over before its next poll; it was dropped there.
    LeaseOver(Option<Panic>),
    /// It ran longer than it may; it was dropped there.
    Overran(Option<Panic>),
}

/// A body that is polled only while its lease holds (LEASE-3), and whose panics are caught so that the record can be settled.
pub(crate) struct Guarded<'a, F> {
    body: Option<Pin<Box<F>>>,
    /// None where a transaction holds the claim.
    lease: Option<(&'a Lease, &'a dyn Clock)>,
    /// Rings when it has run for as long as it may.
    limit: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Future for Guarded<'_, F> {
    type Output = Ran<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some((lease, clock)) = this.lease {
            // Before the look at the lease: a loss that comes after the look wakes this task.
            lease.is_woken_by(cx.waker());
            if lease.is_over(clock) {
                return Poll::Ready(Ran::LeaseOver(this.drop_body()));
            }
        }
        let Some(body) = &mut this.body else {
            return Poll::Pending;
        };
        match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))) {
            // After the body: what has ended by now is not thrown away, with its effect, for being looked at late.
            Ok(Poll::Pending) => {
                if this.limit.as_mut().is_some_and(|limit| limit.as_mut().poll(cx).is_ready()) {
                    return Poll::Ready(Ran::Overran(this.drop_body()));
                }
                Poll::Pending
            }
            Ok(Poll::Ready(value)) => Poll::Ready(Ran::Returned(value, this.drop_body())),
            Err(panic) => {
                this.drop_body();
                Poll::Ready(Ran::Panicked(panic))
            }
        }
    }
}

impl<'a, F: Future> Guarded<'a, F> {
    /// A body that is stopped at its first await after the lease is over, or after it has run for `limit`.
    pub(crate) fn new(body: Pin<Box<F>>, lease: Option<(&'a Lease, &'a dyn Clock)>, limit: Option<Duration>) -> Self {
        Self { body: Some(body), lease, limit: limit.map(|limit| Box::pin(time::sleep(limit))) }
    }

    /// Drops the body here, where a panic of its destructors is caught.
    fn drop_body(&mut self) -> Option<Panic> {
        catch_unwind(AssertUnwindSafe(|| self.body = None)).err()
    }
}
