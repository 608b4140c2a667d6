//! The pipeline: key → claim → body under a lease → complete → outcome.

mod answer;
mod enter;
mod failure;
mod holding;
mod lock;
mod patience;
mod reconcile;
mod settle;
mod transaction;

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;

pub(crate) use self::answer::{kept, refusal};
pub(crate) use self::enter::persistently;
use self::enter::{Entry, enter};
use self::failure::Ended;
pub(crate) use self::failure::message;
use self::holding::Holding;
pub(crate) use self::lock::{Wait, lock};
pub use self::reconcile::Entered;
pub use self::transaction::InTransaction;
use crate::ambient::Frame;
use crate::claim::{ClaimRequest, Claimed, Failure};
use crate::clock::Clock;
use crate::codec::ResultCodec;
use crate::current::Running;
use crate::error::{At, Error};
use crate::flight::{Flights, Waits};
use crate::gate::Pass;
use crate::key::{Fingerprint, Key};
use crate::lease::{Guarded, Keeper, Lease, Panic, Ran};
use crate::outcome::{CallInfo, Outcome};
use crate::policy::ErrorDisposition;
use crate::record::{Holder, Owner};
use crate::settings::Settings;
use crate::step::{Memory, Steps};
use crate::store::Store;

/// A store of a runtime, with what its calls share.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: Arc<str>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) flights: Flights,
    pub(crate) keeper: Keeper,
}

/// One call, with everything settled but its outcome.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) key: Key,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) slot: Arc<Slot>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) holder: Arc<Holder>,
    pub(crate) frame: Frame,
    /// Last, so that it goes back when everything else is settled or left to the keeper.
    pub(crate) pass: Pass,
}

/// What the pipeline does with a task's values, as functions: it has no bounds of its own on the user's types.
#[derive(Debug)]
pub struct Ops<T, E> {
    pub(crate) codec: ResultCodec<T>,
    pub(crate) skipped: Option<fn() -> T>,
    pub(crate) error: fn(Error) -> E,
    pub(crate) message: Option<fn(&E) -> String>,
    pub(crate) judge: Option<fn(&E) -> ErrorDisposition>,
}

impl<T, E> Ops<T, E> {
    /// How results are kept, and how errors of ours become the task's.
    pub const fn new(codec: ResultCodec<T>, error: fn(Error) -> E) -> Self {
        Self { codec, skipped: None, error, message: None, judge: None }
    }

    /// What a call answers that is skipped because another is running.
    pub const fn skip_with(mut self, make: fn() -> T) -> Self {
        self.skipped = Some(make);
        self
    }

    /// What a record keeps of an error of the body.
    pub const fn tell_errors(mut self, message: fn(&E) -> String) -> Self {
        self.message = Some(message);
        self
    }

    /// What becomes of the key after an error of the body, where the task leaves that to a function.
    pub const fn judge_errors(mut self, judge: fn(&E) -> ErrorDisposition) -> Self {
        self.judge = Some(judge);
        self
    }
}

/// Runs a call: answers what is known, or runs the body under a claim and keeps its result.
pub(crate) async fn run<T, E, B, F>(call: Call, ops: &Ops<T, E>, body: B) -> Result<Outcome<T>, E>
where
    B: FnOnce() -> F,
    F: Future<Output = Result<T, E>>,
{
    let entry = enter(&call).await.map_err(ops.error)?;
    finish(&call, entry, ops, body).await
}

/// The rest of a call that the store has answered. This much is compiled for each body; what follows is for each type of
/// result.
///
/// The body is boxed: inline, each layer that it is handed through would hold it twice, and handlers that call handlers
/// would overflow the stack.
async fn finish<T, E, B, F>(call: &Call, entry: Entry<'_>, ops: &Ops<T, E>, body: B) -> Result<Outcome<T>, E>
where
    B: FnOnce() -> F,
    F: Future<Output = Result<T, E>>,
{
    let (running, holding) = match entries(call, entry, ops) {
        Begins::Body(running, holding) => (running, holding),
        Begins::Nothing(known) => return told(call, known),
    };
    let _listed = holding.is_none().then(|| call.pass.list(&call.key));
    // The closure's own part is the body's too: it runs under the lease and in the frame.
    let body = Box::pin(async move { body().await });
    let lease = holding.as_ref().map(|holding| (&*holding.lease, &*call.clock));
    let guarded = Guarded::new(body, lease, call.settings.max_runtime);
    let ran = call.frame.clone().inside(Arc::clone(&running)).scope(guarded).await;
    let outcome = match holding {
        Some(holding) => protected(call, running, holding, ops, ran).await,
        None => unprotected(call, ops, ran),
    };
    told(call, outcome)
}

/// What an answer of the store leads to.
enum Begins<'a, T, E> {
    /// The body, and the claim that it runs under, where it has one.
    Body(Arc<Running>, Option<Holding<'a>>),
    /// Nothing: the answer is known.
    Nothing(Result<Outcome<T>, E>),
}

fn entries<'a, T, E>(call: &Call, entry: Entry<'a>, ops: &Ops<T, E>) -> Begins<'a, T, E> {
    match entry {
        Entry::Run(mut holding) => Begins::Body(holding.enters(call), Some(holding)),
        Entry::Unprotected => Begins::Body(call.running(None, None), None),
        Entry::Replay(record) => Begins::Nothing(answer::replay(call, ops, record).map_err(ops.error)),
        Entry::Skip(record) => Begins::Nothing(answer::skip(call, ops, record.as_deref()).map_err(ops.error)),
    }
}

fn told<T, E>(call: &Call, outcome: Result<Outcome<T>, E>) -> Result<Outcome<T>, E> {
    if let (Some(report), Ok(outcome)) = (&call.frame.report, &outcome) {
        report.tell(outcome);
    }
    outcome
}

/// What becomes of the record of a body that ran under a claim.
async fn protected<T, E>(
    call: &Call,
    running: Arc<Running>,
    mut holding: Holding<'_>,
    ops: &Ops<T, E>,
    ran: Ran<Result<T, E>>,
) -> Result<Outcome<T>, E> {
    let returned = matches!(ran, Ran::Returned(Ok(_), _));
    let left_over = if returned { running.steps.left_over(&call.key).await } else { None };
    holding.leaves(running);
    match ran {
        Ran::Returned(Ok(value), panic) => {
            if let Some(error) = left_over {
                let why = "the steps of the body are not those of an earlier attempt";
                let ended = Ended { how: Failure::Release, why, message: Some(error.to_string()) };
                settle::ended(call, holding, ended).await;
                forward(panic);
                return Err((ops.error)(error));
            }
            let settled = settle::completed(call, holding, ops, value).await;
            forward(panic);
            settled
        }
        Ran::Returned(Err(error), panic) => {
            match failure::judged(call, ops, &error) {
                Ok(ended) => settle::ended(call, holding, ended).await,
                Err(panicked) => {
                    settle::abandoned(call, holding, "judging the body's error panicked").await;
                    resume_unwind(panic.unwrap_or(panicked));
                }
            }
            forward(panic);
            Err(error)
        }
        Ran::Panicked(panic) => {
            settle::abandoned(call, holding, "the body panicked").await;
            resume_unwind(panic)
        }
        Ran::LeaseOver(panic) => {
            let error = settle::lease_over(call, holding);
            forward(panic);
            Err((ops.error)(error))
        }
        Ran::Overran(panic) => {
            settle::abandoned(call, holding, "the body ran longer than its `max_runtime`").await;
            forward(panic);
            Err((ops.error)(call.overran()))
        }
    }
}

/// A panic of the body's destructors goes on, now that the record is settled.
fn forward(panic: Option<Panic>) {
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

/// What becomes of a body that ran without a claim.
fn unprotected<T, E>(call: &Call, ops: &Ops<T, E>, ran: Ran<Result<T, E>>) -> Result<Outcome<T>, E> {
    match ran {
        Ran::Returned(returned, panic) => {
            forward(panic);
            returned.map(|value| Outcome::Unprotected { value, call: CallInfo::unrecorded(call.key.clone()) })
        }
        Ran::Panicked(panic) => resume_unwind(panic),
        Ran::Overran(panic) | Ran::LeaseOver(panic) => {
            forward(panic);
            Err((ops.error)(call.overran()))
        }
    }
}

impl Call {
    /// The error of a body that ran for longer than it may.
    fn overran(&self) -> Error {
        Error::MaxRuntime { at: At::new(&self.key), limit: self.settings.max_runtime.unwrap_or_default() }
    }

    /// The error of a call that may not begin any more.
    fn shut_down(&self) -> Error {
        Error::ShutDown { at: At::new(&self.key) }
    }

    /// A claim of this call, under a new owner.
    fn claim(&self) -> Arc<ClaimRequest> {
        Arc::new(ClaimRequest {
            key: self.key.clone(),
            owner: Owner::random(),
            lease: self.settings.lease,
            fingerprint: self.fingerprint.clone(),
            holder: Arc::clone(&self.holder),
            on_stale: self.settings.on_stale,
            max_attempts: self.settings.max_attempts,
            grace: self.settings.retention,
        })
    }

    /// Where the steps of a body are remembered that holds a lease.
    fn memory(&self, claimed: &Claimed, lease: &Lease) -> Memory {
        let Settings { retention, max_result, .. } = *self.settings;
        Memory::new(&self.slot.store, &self.clock, &lease.claim, claimed, retention, max_result)
    }

    /// This call as its body sees it.
    fn running(&self, claimed: Option<&Claimed>, lease: Option<&Arc<Lease>>) -> Arc<Running> {
        Arc::new(Running {
            key: self.key.clone(),
            attempt: claimed.map_or(0, |claimed| claimed.attempt),
            fence: claimed.map(|claimed| claimed.fence),
            lease: lease.cloned(),
            store: Arc::clone(&self.slot.store),
            clock: Arc::clone(&self.clock),
            steps: Steps::new(claimed.zip(lease).map(|(claimed, lease)| self.memory(claimed, lease))),
            caller: self.frame.running.clone(),
            waits: Waits::new(self.frame.running.as_ref().map(|caller| &caller.waits)),
            inside: self.pass.inside(),
        })
    }
}
