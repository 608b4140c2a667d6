//! Between the claim and the body: what became of an abandoned claim is asked before another body runs.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;

use super::enter::{Entry, enter};
use super::failure::Ended;
use super::{Call, Ops, finish, forward, settle};
use crate::claim::Failure;
use crate::error::{At, Error};
use crate::events;
use crate::lease::{Guarded, Ran};
use crate::outcome::Outcome;
use crate::reconcile::{AbandonedClaim, Reconciled};

/// A call after its claim and before its body.
#[derive(Debug)]
pub struct Entered<'a, T, E> {
    ops: &'a Ops<T, E>,
    stage: Stage<'a, T, E>,
}

#[derive(Debug)]
enum Stage<'a, T, E> {
    /// The store has answered; where it granted the claim, the body is to be run.
    Answered(&'a Call, Entry<'a>),
    /// Nothing is left to run.
    Over(Result<Outcome<T>, E>),
}

impl<'a, T, E> Entered<'a, T, E> {
    /// Claims the key of a call.
    pub(crate) async fn enter(call: Result<&'a Call, Error>, ops: &'a Ops<T, E>) -> Self {
        let answered = match call {
            Ok(call) => enter(call).await.map(|entry| Stage::Answered(call, entry)),
            Err(error) => Err(error),
        };
        Self { ops, stage: answered.unwrap_or_else(|error| Stage::Over(Err((ops.error)(error)))) }
    }

    /// Asks the task's function what became of the claim that this one took over, where it did: under this claim, its lease
    /// and its heartbeats. If that does not end, this claim is one more that was abandoned.
    pub async fn ask<F>(self, reconcile: impl FnOnce(AbandonedClaim) -> F) -> Self
    where
        F: Future<Output = Reconciled<T>>,
    {
        let Self { ops, stage } = self;
        let (call, mut holding) = match stage {
            Stage::Answered(call, Entry::Run(holding)) => (call, holding),
            stage => return Self { ops, stage },
        };
        let Some(abandoned) = holding.abandoned.take() else {
            return Self { ops, stage: Stage::Answered(call, Entry::Run(holding)) };
        };
        events::reconciling(&call.key, abandoned.attempt());
        let running = holding.enters(call);
        running.steps.close(true);
        let frame = call.frame.clone().inside(Arc::clone(&running));
        let asked = Box::pin(async move { reconcile(*abandoned).await });
        let lease = Some((&*holding.lease, &*call.clock));
        let ran = frame.scope(Guarded::new(asked, lease, call.settings.max_runtime)).await;
        let over = match ran {
            Ran::Returned(Reconciled::DidNotHappen, None) => {
                running.steps.close(false);
                return Self { ops, stage: Stage::Answered(call, Entry::Run(holding)) };
            }
            Ran::Returned(Reconciled::Happened(value), panic) => {
                let settled = settle::completed(call, holding, ops, value).await;
                forward(panic);
                settled.map(Outcome::into_replayed)
            }
            Ran::Returned(Reconciled::Unknown, panic) => {
                settle::ended(call, holding, Ended { how: Failure::Park, why: NOT_KNOWN, message: None }).await;
                forward(panic);
                Err((ops.error)(Error::OutcomeUnknown { at: At::new(&call.key), message: NOT_KNOWN.to_owned() }))
            }
            Ran::Returned(Reconciled::DidNotHappen, Some(panic)) | Ran::Panicked(panic) => {
                settle::abandoned(call, holding, "the `reconcile` function panicked").await;
                resume_unwind(panic)
            }
            Ran::Overran(panic) => {
                settle::abandoned(call, holding, "the `reconcile` function ran longer than the task's `max_runtime`")
                    .await;
                forward(panic);
                Err((ops.error)(call.overran()))
            }
            Ran::LeaseOver(panic) => {
                let error = settle::lease_over(call, holding);
                forward(panic);
                Err((ops.error)(error))
            }
        };
        if let (Ok(outcome), Some(report)) = (&over, &call.frame.report) {
            report.tell(outcome);
        }
        Self { ops, stage: Stage::Over(over) }
    }

    /// Runs the body, where it is to be run, and answers the call.
    pub async fn run<B, F>(self, body: B) -> Result<T, E>
    where
        B: FnOnce() -> F,
        F: Future<Output = Result<T, E>>,
    {
        let outcome = match self.stage {
            Stage::Answered(call, entry) => finish(call, entry, self.ops, body).await,
            Stage::Over(over) => over,
        };
        outcome.map(Outcome::into_value)
    }
}

const NOT_KNOWN: &str = "its `reconcile` function could not tell whether the effect of an abandoned attempt took place";
