//! Steps of a body whose results are remembered from attempt to attempt (STEP-1 to STEP-8).
//!
//! A step's record stands under a key of its own, made of the call's key, of when the call was first claimed, and of the
//! step's place: another life of the key, after a `clear` or an expiry, has other steps. It is written once, by the call's
//! own claim, and never claimed: the call's claim is what excludes others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::ambient::Frame;
use crate::claim::{ClaimRequest, Claimed, CompleteRequest, CompleteVerdict};
use crate::clock::{Clock, Timestamp};
use crate::codec::{self, CodecError};
use crate::current::Running;
use crate::error::{At, Error};
use crate::events;
use crate::key::Key;
use crate::policy::Retention;
use crate::record::{State, StoredResult};
use crate::store::{Store, StoreError};

/// A step is remembered as long as its call's result is, and for so long at least: a call that fails is tried again for
/// days, and what it did on the first of them must not be done again on the last.
const SHORTEST_MEMORY: Duration = Duration::from_secs(7 * 24 * 3_600);

/// The pause before a record without an answer is sent again; doubled each time.
const RESEND_AFTER: Duration = Duration::from_millis(20);

/// The steps of one body.
#[derive(Debug)]
pub(crate) struct Steps {
    taken: Mutex<Vec<Taken>>,
    memory: Option<Memory>,
    /// Its body is not running yet.
    closed: AtomicBool,
}

#[derive(Debug)]
struct Taken {
    name: Box<str>,
    is: Is,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Open,
    Done,
    /// It may be taken again, at the same place, and nothing behind it.
    Failed,
}

/// Where steps are remembered. None where the body runs without a claim, and where a transaction holds it: what the body
/// did is undone together with what would be remembered.
#[derive(Debug)]
pub(crate) struct Memory {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    claim: Arc<ClaimRequest>,
    fence: u64,
    attempt: u32,
    began: Timestamp,
    retention: Retention,
    max_result: u64,
}

impl Memory {
    /// For the body of this claim.
    pub(crate) fn new(
        store: &Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
        claim: &Arc<ClaimRequest>,
        claimed: &Claimed,
        retention: Retention,
        max_result: u64,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            claim: Arc::clone(claim),
            fence: claimed.fence,
            attempt: claimed.attempt,
            began: claimed.began,
            retention: retention.max(Retention::For(SHORTEST_MEMORY)),
            max_result,
        }
    }

    fn key(&self, place: usize) -> Key {
        self.claim.key.of_step(self.began.as_micros(), place as u64)
    }

    /// What an earlier attempt left at this place.
    async fn recall(&self, place: usize) -> Result<Option<StoredResult>, Error> {
        if self.attempt <= 1 {
            return Ok(None);
        }
        let found = self.store.get(&self.key(place)).await.map_err(|error| Error::store(&self.claim.key, error))?;
        Ok(found.filter(|record| record.state == State::Completed).and_then(|record| record.result.clone()))
    }

    /// Writes a step's result; sent until it is answered, for one lease at most.
    async fn remember(&self, place: usize, result: StoredResult) -> Result<(), Error> {
        let claim = ClaimRequest { key: self.key(place), fingerprint: None, ..(*self.claim).clone() };
        let request = CompleteRequest {
            claim: Arc::new(claim),
            fence: self.fence,
            attempt: self.attempt,
            result,
            retention: self.retention,
            // There is no record of it before: nothing claims a step. Whoever was replaced meanwhile tells of an effect
            // that took place all the same.
            may_restore: true,
        };
        let (at, give_up) = (At::new(&self.claim.key), self.clock.uptime().saturating_add(self.claim.lease));
        let mut pause = RESEND_AFTER;
        loop {
            match self.store.complete(&request).await {
                Ok(CompleteVerdict::Completed { .. }) => return Ok(()),
                // Another attempt has taken this step meanwhile.
                Ok(CompleteVerdict::LeaseLost(_)) => return Err(Error::LeaseLost { at }),
                Err(source) if !source.is_unavailable() || self.clock.uptime() + pause >= give_up => {
                    return Err(unrecorded(at, source));
                }
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(self.claim.lease / 4);
        }
    }
}

fn unrecorded(at: At, source: StoreError) -> Error {
    if source.is_unavailable() {
        Error::StoreUnavailable { at, source, effect: true }
    } else {
        Error::Store { at, source }
    }
}

impl Steps {
    pub(crate) fn new(memory: Option<Memory>) -> Self {
        Self { taken: Mutex::default(), memory, closed: AtomicBool::new(false) }
    }

    /// While a `reconcile` function is asked: what it took would stand where the body's own steps are remembered.
    pub(crate) fn close(&self, closed: bool) {
        self.closed.store(closed, Ordering::Relaxed);
    }

    /// The place of the step of this name; it is open until what is answered ends.
    fn begin(&self, name: &str) -> Result<Begun<'_>, String> {
        let mut taken = lock(&self.taken);
        if let Some(open) = taken.iter().find(|step| step.is == Is::Open) {
            return Err(format!(
                "step `{name}` begins inside of step `{}`, or beside it: steps are taken one after another",
                open.name
            ));
        }
        if let Some(last) = taken.last_mut().filter(|last| last.is == Is::Failed && *last.name == *name) {
            last.is = Is::Open;
        } else if taken.iter().any(|step| *step.name == *name) {
            return Err(format!("two steps are called `{name}`: give each a name of its own"));
        } else if let Some(failed) = taken.last().filter(|last| last.is == Is::Failed) {
            // Nothing is remembered at its place: what is taken behind it could be taken again in front of it.
            return Err(format!(
                "step `{name}` begins behind step `{}`, which failed: take that one again, or have it answer `Ok` with its failure, which is remembered then",
                failed.name
            ));
        } else {
            taken.push(Taken { name: name.into(), is: Is::Open });
        }
        Ok(Begun { steps: self, place: taken.len() - 1, done: false })
    }

    /// A step that an earlier attempt took behind the last one of this attempt: the code has changed under the call.
    pub(crate) async fn left_over(&self, key: &Key) -> Option<Error> {
        let memory = self.memory.as_ref()?;
        let taken = lock(&self.taken).len();
        // Where the store cannot be asked, the completion will say so.
        let result = memory.recall(taken).await.ok()??;
        let name = named(&result).unwrap_or_else(|_| "?".into());
        let reason = format!("an earlier attempt took the step `{name}` behind the last one of this attempt; {ANEW}");
        Some(changed(key, reason))
    }
}

/// A step that is under way. Dropped before it is done, it failed.
struct Begun<'a> {
    steps: &'a Steps,
    place: usize,
    done: bool,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if let Some(step) = lock(&self.steps.taken).get_mut(self.place) {
            step.is = if self.done { Is::Done } else { Is::Failed };
        }
    }
}

/// Takes a step of the running body: runs it, and remembers its result under the running claim. An attempt that comes after
/// a crash, an error or a lost lease gets the remembered result instead, and does not run it again.
///
/// ```
/// # use idem_runtime as idem;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::Error> {
/// # let runtime = idem::Runtime::builder().store(idem::MemoryStore::new()).build()?;
/// # let call = runtime.call("shop.order").arg("order", &4711);
/// # let outcome = call.run(async || {
/// // In the body of an idempotent handler:
/// let charge: String = idem::step("charge", || async { Ok::<_, idem::Error>("ch_1".to_owned()) }).await?;
/// let parcel: u64 = idem::step("ship", || async { Ok::<_, idem::Error>(7) }).await?;
/// # Ok::<_, idem::Error>((charge, parcel))
/// # }).await?;
/// # assert_eq!(outcome.into_value().1, 7);
/// # Ok(()) }
/// ```
///
/// Steps are told apart by their order, and each has a name of its own: a step that a later attempt calls by another name, or
/// takes in another order, or no more, is an error and not a guess. A step that failed may be taken again at once, and no other
/// begins behind it: a failure that the body goes on with is a value, `Ok(Err(…))`, and remembered as one. A process that dies after the effect and before its result is remembered runs the step again: hand
/// [`derive_key`](crate::Current::derive_key) to providers that take idempotency keys. Results are remembered for as long as
/// the call's own, and for seven days at least.
///
/// In a transactional task the step is a part of the transaction, and undone with it. In an unprotected run it just runs.
///
/// # Errors
/// The step's own, and, as its error type: [`Error::StepsChanged`] for a name that is taken, a step inside of another, beside
/// it or behind one that failed, and a body whose steps are not those of an earlier attempt; [`Error::ResultUnavailable`] for an earlier result that was too large to be
/// kept, and [`Error::ResultType`] for one of another type; [`Error::LeaseLost`] where another attempt has taken the step
/// meanwhile; [`Error::StoreUnavailable`], with `effect` where the step ran, and [`Error::Store`]; [`Error::Config`] outside
/// of a body, and in a `reconcile` function.
///
/// # Cancel safety
/// Dropped while the step runs or is being recorded, it counts as not taken, and a later attempt runs it again.
pub async fn step<T, E, F>(name: &str, body: impl FnOnce() -> F) -> Result<T, E>
where
    T: Serialize + DeserializeOwned,
    E: From<Error>,
    F: Future<Output = Result<T, E>>,
{
    let running = Frame::running().ok_or_else(|| {
        let needs = "`idem::step` needs a running claim: call it inside the body of an idempotent handler";
        Error::Config(needs.into())
    })?;
    if running.steps.closed.load(Ordering::Relaxed) {
        let why = "`idem::step` in a `reconcile` function: steps are the body's, call what it looks up without one";
        return Err(Error::Config(why.into()).into());
    }
    let mut begun = running.steps.begin(name).map_err(|reason| changed(&running.key, reason))?;
    if let Some(memory) = &running.steps.memory
        && let Some(result) = memory.recall(begun.place).await?
    {
        let value = replay(&running, begun.place, name, &result)?;
        begun.done = true;
        return Ok(value);
    }
    let value = body().await?;
    if let Some(memory) = &running.steps.memory {
        memory.remember(begun.place, kept(&running, memory.max_result, name, &value)).await?;
    }
    begun.done = true;
    Ok(value)
}

/// What is remembered of a step. One that cannot be kept is remembered as done all the same.
fn kept<T: Serialize>(running: &Running, max: u64, name: &str, value: &T) -> StoredResult {
    let why = match codec::encode(&(name, value)) {
        Ok(envelope) if envelope.len() as u64 <= max => return StoredResult::Envelope(envelope),
        Ok(envelope) => {
            format!("the result of step `{name}` has {} bytes, the task's `max_result` is {max}", envelope.len())
        }
        Err(error) => format!("the result of step `{name}` {error}"),
    };
    events::result_dropped(&running.key, &why);
    StoredResult::Absent(why.into())
}

fn replay<T: DeserializeOwned>(running: &Running, place: usize, name: &str, result: &StoredResult) -> Result<T, Error> {
    let at = || At::new(&running.key);
    let envelope = match result {
        StoredResult::Envelope(envelope) => envelope,
        StoredResult::Absent(why) => return Err(Error::ResultUnavailable { at: at(), reason: why.to_string() }),
    };
    let mistyped = |error: CodecError| Error::ResultType { at: at(), reason: format!("step `{name}`: {error}") };
    let found = named(result).map_err(mistyped)?;
    if found != name {
        let reason =
            format!("step {} was `{found}` in an earlier attempt, and is `{name}` in this one; {ANEW}", place + 1);
        return Err(changed(&running.key, reason));
    }
    let (_, value): (String, T) = codec::decode(envelope).map_err(mistyped)?;
    events::step_skipped(&running.key, name);
    Ok(value)
}

/// The name under which a step was remembered.
fn named(result: &StoredResult) -> Result<String, CodecError> {
    match result {
        StoredResult::Envelope(envelope) => codec::decode(envelope).map(|(name, _): (String, IgnoredAny)| name),
        StoredResult::Absent(_) => Ok("?".into()),
    }
}

/// What to do where the code has changed under a call.
const ANEW: &str = "raise the task's `version` when the steps of its body change, or clear the key to begin anew";

fn changed(key: &Key, reason: String) -> Error {
    Error::StepsChanged { at: At::new(key), reason }
}

/// A panic cannot leave the list half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
