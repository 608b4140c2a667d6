//! What a future inherits from its callers: the delivery, the claims it runs under, and who wants to know the outcome.

#[cfg(any(test, feature = "testing"))]
mod entries;

use std::sync::{Arc, Mutex, PoisonError};

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::entries::Entries;
use crate::current::Running;
use crate::delivery::{Delivery, InForce};
use crate::outcome::Outcome;
use crate::sync::{rand, task_local};

task_local! {
    static FRAME: Frame;
}

/// What is in force for one future.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    pub(crate) delivery: Option<Arc<InForce>>,
    /// The innermost running claim; its callers' follow by their parents.
    pub(crate) running: Option<Arc<Running>>,
    pub(crate) report: Option<Arc<Report>>,
    #[cfg(any(test, feature = "testing"))]
    pub(crate) entries: Option<Arc<Entries>>,
}

impl Frame {
    /// The frame of the current task; an empty one outside of any.
    pub(crate) fn current() -> Self {
        FRAME.try_with(Clone::clone).unwrap_or_default()
    }

    /// The innermost running claim of the current task.
    pub(crate) fn running() -> Option<Arc<Running>> {
        FRAME.try_with(|frame| frame.running.clone()).ok().flatten()
    }

    /// What a pause is shortened by, at random; always the same under the explorer, whose schedules must be repeatable.
    pub(crate) fn jitter() -> f64 {
        #[cfg(any(test, feature = "testing"))]
        if FRAME.try_with(|frame| frame.entries.is_some()).unwrap_or(false) {
            return 0.75;
        }
        rand::random_range(0.5..1.0)
    }

    /// This frame with an inner delivery.
    pub(crate) fn under(mut self, delivery: Delivery) -> Self {
        self.delivery = Some(InForce::new(delivery, self.delivery.as_deref()));
        self
    }

    /// The frame of a body: its claim is innermost, and the outcome of the calls that it makes is nobody's.
    pub(crate) fn inside(mut self, running: Arc<Running>) -> Self {
        #[cfg(any(test, feature = "testing"))]
        if let Some(entries) = &self.entries {
            entries.note(&running);
        }
        self.running = Some(running);
        self.report = None;
        self
    }

    /// Runs a future in this frame.
    pub(crate) async fn scope<F: Future>(self, future: F) -> F::Output {
        FRAME.scope(self, future).await
    }
}

/// Where the first call of a frame tells how it came to its value, for the companion's `call`.
#[derive(Debug, Default)]
pub(crate) struct Report(Mutex<Option<Outcome<()>>>);

impl Report {
    /// Tells it.
    pub(crate) fn tell<T>(&self, outcome: &Outcome<T>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(outcome.without_value());
    }

    /// What was told.
    pub(crate) fn told(&self) -> Option<Outcome<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
