//! The pipeline in the caller's transaction: claim, effect and result are committed together, or not at all.
//!
//! The transaction holds the claim: there is no lease, no heartbeat and nothing to take over. What is undone goes back to a
//! mark in it, so that the caller's transaction stays usable after every outcome.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;

use super::{Call, Ops, answer, forward, settle};
use crate::ambient::Report;
use crate::claim::{ClaimRequest, ClaimVerdict, Claimed, CompleteRequest, CompleteVerdict};
use crate::error::{At, Error};
use crate::events;
use crate::lease::{Guarded, Panic, Ran};
use crate::outcome::{CallInfo, Outcome};
use crate::policy::OnInProgress;
use crate::store::{Ending, Mark, StoreError, TxConnection, Within};

/// A call in the caller's transaction, after its claim.
#[derive(Debug)]
pub struct InTransaction<T, E> {
    ops: Ops<T, E>,
    entry: Entry<T>,
}

#[derive(Debug)]
enum Entry<T> {
    /// Nothing is to be run.
    Known(Result<Outcome<T>, Error>, Option<Arc<Report>>),
    /// The body is to be run under this claim.
    Granted(Box<Granted>),
}

#[derive(Debug)]
struct Granted {
    call: Call,
    claim: Arc<ClaimRequest>,
    claimed: Claimed,
    mark: Mark,
}

/// A body that was run, or was not to be.
#[derive(Debug)]
pub struct RanInTransaction<T, E>(Option<Body<T, E>>);

#[derive(Debug)]
enum Body<T, E> {
    Returned(Result<T, E>, Option<Panic>),
    Panicked(Panic),
    Overran(Option<Panic>),
}

impl<T, E> InTransaction<T, E> {
    /// Claims the key of a call on the caller's connection.
    pub(crate) async fn enter(call: Result<Call, Error>, ops: Ops<T, E>, connection: TxConnection<'_>) -> Self {
        let entry = match call {
            Err(error) => Entry::Known(Err(error), None),
            Ok(call) => {
                let report = call.frame.report.clone();
                enter(call, &ops, connection).await.unwrap_or_else(|error| Entry::Known(Err(error), report))
            }
        };
        Self { ops, entry }
    }

    /// Runs the body, where it is to be run.
    pub async fn run<F>(&self, body: impl FnOnce() -> F) -> RanInTransaction<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let Entry::Granted(granted) = &self.entry else { return RanInTransaction(None) };
        let Granted { call, claimed, .. } = &**granted;
        let _listed = call.pass.list(&call.key);
        let frame = call.frame.clone().inside(call.running(Some(claimed), None));
        let body = Box::pin(async move { body().await });
        RanInTransaction(Some(match frame.scope(Guarded::new(body, None, call.settings.max_runtime)).await {
            Ran::Returned(returned, panic) => Body::Returned(returned, panic),
            Ran::Panicked(panic) | Ran::LeaseOver(Some(panic)) => Body::Panicked(panic),
            Ran::Overran(panic) => Body::Overran(panic),
            Ran::LeaseOver(None) => return RanInTransaction(None),
        }))
    }

    /// Keeps the result on the caller's connection, or undoes what was done on it since the claim.
    pub async fn leave(self, ran: RanInTransaction<T, E>, connection: TxConnection<'_>) -> Result<T, E> {
        let Self { ops, entry } = self;
        let (outcome, report) = match (entry, ran.0) {
            (Entry::Known(known, report), _) => (known.map_err(ops.error), report),
            (Entry::Granted(granted), Some(body)) => {
                let report = granted.call.frame.report.clone();
                (granted.settle(&ops, body, connection).await, report)
            }
            (Entry::Granted(granted), None) => {
                let at = At::new(&granted.call.key);
                return Err((ops.error)(Error::LeaseLost { at }));
            }
        };
        let outcome = outcome?;
        if let Some(report) = report {
            report.tell(&outcome);
        }
        Ok(outcome.into_value())
    }
}

/// Marks the point to go back to, and claims. Whatever is known is answered as by a call under a lease.
async fn enter<T, E>(call: Call, ops: &Ops<T, E>, connection: TxConnection<'_>) -> Result<Entry<T>, Error> {
    if call.frame.running.as_ref().is_some_and(|callers| callers.holds(&call.key, &call.slot.store)) {
        return Err(Error::Reentrant { at: At::new(&call.key) });
    }
    let mut records = call.slot.store.within(connection).map_err(|connection| no_transactions(&call, &connection))?;
    let mark = Mark::new();
    let wait = match call.settings.on_in_progress {
        OnInProgress::Wait => call.settings.wait,
        OnInProgress::Error | OnInProgress::Skip => Some(std::time::Duration::ZERO),
    };
    let failed = |error| Error::store(&call.key, error);
    records.enter(&mark, wait).await.map_err(failed)?;
    let decided = claim(&call, ops, &mut *records).await;
    match decided {
        // It may have waited for another transaction for as long as it took.
        Ok(Decided::Granted(..)) if !call.pass.admits() => {
            undo(&call, &mut *records, &mark).await.and(Err(call.shut_down()))
        }
        Ok(Decided::Granted(claim, claimed)) => {
            if let Err(error) = records.hand_over().await {
                undo(&call, &mut *records, &mark).await?;
                return Err(failed(error));
            }
            drop(records);
            events::claimed(&call.key, claimed.attempt, claimed.fence);
            Ok(Entry::Granted(Box::new(Granted { call, claim, claimed, mark })))
        }
        // The claim may have written, where it parked a record or failed half way: nothing of it stays.
        Ok(Decided::Known(known)) => {
            undo(&call, &mut *records, &mark).await?;
            Ok(Entry::Known(Ok(known), call.frame.report.clone()))
        }
        Err(error) if error.is_in_progress() => undo(&call, &mut *records, &mark).await.and(Err(error)),
        Err(error) => {
            // The error that is told is the first one.
            _ = records.leave(&mark, Ending::Undo).await;
            Err(error)
        }
    }
}

/// Goes back to the mark, so that the caller's transaction is as it was.
///
/// # Errors
/// Also where the mark is gone: the database has undone all of the transaction, what the caller did before too.
async fn undo(call: &Call, records: &mut dyn Within, mark: &Mark) -> Result<(), Error> {
    match records.leave(mark, Ending::Undo).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::store(
            &call.key,
            StoreError::Unavailable {
                store: format!("{:?}", call.slot.store),
                reason: "the database undid the caller's transaction while it waited: run all of it again".into(),
            },
        )),
        Err(error) => Err(Error::store(&call.key, error)),
    }
}

enum Decided<T> {
    Granted(Arc<ClaimRequest>, Claimed),
    Known(Outcome<T>),
}

/// A rival's transaction is waited for by the database. A call that holds the key under a lease, as the task's did before it
/// was made transactional, is not waited for: what this transaction has locked meanwhile could be what that call needs to
/// end.
async fn claim<T, E>(call: &Call, ops: &Ops<T, E>, records: &mut dyn Within) -> Result<Decided<T>, Error> {
    loop {
        let claim = call.claim();
        let verdict = records.claim(&claim).await.map_err(|error| Error::store(&call.key, error))?;
        let (lease_left, record) = match verdict {
            Some(ClaimVerdict::Claimed(claimed)) => return Ok(Decided::Granted(claim, claimed)),
            Some(ClaimVerdict::Completed(record)) => return answer::replay(call, ops, record).map(Decided::Known),
            Some(ClaimVerdict::Mismatch { arguments }) => {
                return Err(Error::Mismatch { at: At::new(&call.key), arguments });
            }
            Some(ClaimVerdict::Failed(record) | ClaimVerdict::Parked(record) | ClaimVerdict::Cancelled(record)) => {
                return Err(answer::refusal(&call.key, &record));
            }
            Some(ClaimVerdict::Stale) => continue,
            Some(ClaimVerdict::Running { lease_left, record }) => (lease_left, Some(record)),
            None => (None, None),
        };
        return match call.settings.on_in_progress {
            OnInProgress::Skip => answer::skip(call, ops, record.as_deref()).map(Decided::Known),
            OnInProgress::Wait | OnInProgress::Error => Err(super::enter::in_progress(call, lease_left)),
        };
    }
}

impl Granted {
    async fn settle<T, E>(
        self,
        ops: &Ops<T, E>,
        body: Body<T, E>,
        connection: TxConnection<'_>,
    ) -> Result<Outcome<T>, E> {
        let Self { call, mark, .. } = &self;
        let mut records = match call.slot.store.within(connection) {
            Ok(records) => records,
            Err(connection) => return Err((ops.error)(no_transactions(call, &connection))),
        };
        match body {
            Body::Returned(Ok(value), panic) => {
                let (result, trouble) = settle::encoded(call, ops, &value);
                // What is told to the caller as an error must not be committed as done.
                if trouble.as_ref().is_some_and(settle::is_told) {
                    _ = records.leave(mark, Ending::Undo).await;
                    let untold = Ok(Outcome::Fresh { value, call: CallInfo::unrecorded(call.key.clone()) });
                    return settle::told_of(call, ops, trouble, untold);
                }
                let answer = self.record(&mut *records, result).await;
                forward(panic);
                answer.map(|info| Outcome::Fresh { value, call: info }).map_err(ops.error)
            }
            Body::Returned(Err(error), panic) => {
                // The body's error is told; that its work could not be undone the caller's next statement will say.
                _ = records.leave(mark, Ending::Undo).await;
                events::released(&call.key, "the body returned an error");
                forward(panic);
                Err(error)
            }
            Body::Panicked(panic) => {
                _ = records.leave(mark, Ending::Undo).await;
                resume_unwind(panic)
            }
            Body::Overran(panic) => {
                _ = records.leave(mark, Ending::Undo).await;
                forward(panic);
                Err((ops.error)(call.overran()))
            }
        }
    }

    async fn record(&self, records: &mut dyn Within, result: crate::record::StoredResult) -> Result<CallInfo, Error> {
        let Self { call, claim, claimed, mark } = self;
        let request = CompleteRequest {
            claim: Arc::clone(claim),
            fence: claimed.fence,
            attempt: claimed.attempt,
            result,
            retention: call.settings.retention,
            may_restore: false,
        };
        let failed = |error| Error::store(&call.key, error);
        let completed = records.complete(&request).await;
        if completed.is_err() {
            _ = records.leave(mark, Ending::Undo).await;
        }
        let completed = completed.map_err(failed)?;
        let intact = records.leave(mark, Ending::Keep).await.map_err(failed)?;
        match completed {
            CompleteVerdict::Completed { record, .. } if intact => {
                events::completed(&call.key, record.attempt);
                Ok(CallInfo::of(&record))
            }
            CompleteVerdict::Completed { .. } | CompleteVerdict::LeaseLost(_) => {
                Err(Error::TransactionEnded { at: At::new(&call.key) })
            }
        }
    }
}

fn no_transactions(call: &Call, connection: &TxConnection<'_>) -> Error {
    Error::Config(format!(
        "task `{}` is transactional, and its store `{}` ({:?}) keeps no records behind a connection to {}: give the runtime the store of that database, or name it with `store`",
        call.key.task(),
        call.slot.name,
        call.slot.store,
        connection.kind(),
    ))
}
