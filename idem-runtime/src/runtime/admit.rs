//! Before the queue: whether a job is to be enqueued at all, and the ticket that says so.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Runtime;
use crate::ambient::Frame;
use crate::claim::{AdmitRequest, AdmitVerdict, ClaimRequest, FailRequest, Failure, RenewRequest, RenewVerdict};
use crate::codec::ResultCodec;
use crate::error::{At, Error};
use crate::events;
use crate::gate::Pass;
use crate::key::{Fingerprint, Key};
use crate::lease::Settlement;
use crate::outcome::Outcome;
use crate::policy::Retention;
use crate::record::{Owner, Record, State};
use crate::run::{self, Slot};
use crate::settings::{Enforced, Settings};
use crate::store::StoreError;
use crate::transition::MIN_GRACE;

/// When to ask again, while another producer is about to enqueue the job.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A job whose result is kept for ever is not expected for ever: where a queue lost it, it shall be enqueued again some day.
const LONGEST_EXPECTED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Whether a job is to be enqueued, asked before the queue is.
///
/// Answered by the `admit` of a handler's companion, and by [`CallBuilder::admit`](super::CallBuilder::admit).
///
/// ```
/// # use idem_runtime as idem;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::Error> {
/// # let runtime = idem::Runtime::builder().store(idem::MemoryStore::new()).build()?;
/// # let (id, mut queue) = (4711, Vec::new());
/// use idem::Admission;
/// match runtime.call("billing.charge").arg("order", &id).admit::<String>().await? {
///     Admission::New(ticket) => {
///         queue.push(id); // where this fails, the ticket is dropped, and the next producer is told to enqueue
///         ticket.keep().await?;
///     }
///     Admission::AlreadyQueued | Admission::AlreadyRunning => {}
///     Admission::AlreadyDone(outcome) => println!("charged before: {}", outcome.value()),
/// }
/// # assert_eq!(queue, [4711]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a ticket that is dropped is given back: enqueue the job, then keep it"]
pub enum Admission<T> {
    /// Enqueue it, then [keep](Ticket::keep) the ticket. Until then others are told that it is queued.
    New(Ticket),
    /// It is in the queue, as another producer said by keeping its ticket, and no delivery has begun.
    AlreadyQueued,
    /// A delivery of it is running.
    AlreadyRunning,
    /// It completed before: its kept result, as a duplicate is answered, in [`Outcome::Replayed`].
    AlreadyDone(Outcome<T>),
}

/// The right to enqueue one job. Dropped, it is given back in the background, and the next producer gets one.
///
/// A delivery needs no ticket and waits for none: where the queue is faster than [`keep`](Self::keep), the job runs, and keeping
/// its ticket does nothing more.
#[must_use = "a ticket that is dropped is given back: keep it once the job is in the queue"]
pub struct Ticket {
    key: Key,
    /// Nothing, where the task is not protected by now.
    held: Option<Held>,
}

/// A pending record of this process's.
struct Held {
    slot: Arc<Slot>,
    /// In the words of a claim, whose owner is the ticket.
    claim: Arc<ClaimRequest>,
    kept_for: Duration,
    /// Nothing is left to give back.
    settled: bool,
    /// A shutdown waits for it.
    _pass: Arc<Pass>,
}

impl Ticket {
    /// The key that the job's call will have.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The job is in the queue: it is expected from now on for as long as its task's results are kept, a day at least; a week,
    /// where they are kept for ever; no longer than the task's `expires_after`. A job that was not delivered by then may be
    /// enqueued again.
    ///
    /// # Errors
    /// [`Error::StoreUnavailable`] and [`Error::Store`]: the job stays in the queue and will run, so that this is no reason to enqueue it
    /// again; other producers may be told to once the runtime's [`admit_ttl`](super::RuntimeBuilder::admit_ttl) is over.
    ///
    /// # Cancel safety
    /// Safe: dropped before the answer, the ticket is not given back; it is kept, or ends with the `admit_ttl`.
    pub fn keep(self) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let expected = self.held.as_ref().map_or(Duration::ZERO, |held| held.kept_for);
        self.keep_for(expected)
    }

    /// As [`keep`](Self::keep), for so long: for a job that is due later than that.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    ///
    /// # Cancel safety
    /// As [`keep`](Self::keep).
    pub fn keep_for(mut self, expected: Duration) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        // Whatever the store says, and whether or not this is awaited: the job is in the queue.
        if let Some(held) = &mut self.held {
            held.settled = true;
        }
        async move {
            let Some(held) = &self.held else { return Ok(()) };
            match held.keep(expected).await {
                Ok(()) => Ok(()),
                Err(error) => Err(Error::store(&self.key, error)),
            }
        }
    }

    /// The job was not enqueued: the next producer is told to. Dropping the ticket does so in the background.
    ///
    /// # Errors
    /// [`Error::StoreUnavailable`] and [`Error::Store`]: it is left to the keeper, and to the `admit_ttl`.
    ///
    /// # Cancel safety
    /// Safe: it is left to the keeper.
    pub async fn give_back(mut self) -> Result<(), Error> {
        let Some(held) = &mut self.held else { return Ok(()) };
        held.slot.store.fail(&held.unused()).await.map_err(|error| Error::store(&self.key, error))?;
        held.settled = true;
        Ok(())
    }
}

impl Held {
    /// Prolongs the ticket. One that ran out, or whose record the store lost, is asked for again, unless somebody else has
    /// the key by now: then there is nothing to expect.
    async fn keep(&self, expected: Duration) -> Result<(), StoreError> {
        if self.renewed(self.claim.owner, expected).await? {
            return Ok(());
        }
        let again = AdmitRequest { ticket: Owner::random(), ..self.asked() };
        match run::persistently(|| self.slot.store.admit(&again)).await.answer? {
            AdmitVerdict::Admitted => self.renewed(again.ticket, expected).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Whether the ticket still was one.
    async fn renewed(&self, ticket: Owner, expected: Duration) -> Result<bool, StoreError> {
        let request = [RenewRequest { key: self.claim.key.clone(), owner: ticket, lease: expected }];
        let mut answers = run::persistently(|| self.slot.store.renew(&request)).await.answer?;
        let renewed = answers.pop().transpose()?;
        // A delivery that has the key, or had it, needs nobody to wait for it.
        let gone = [None, Some(State::Pending), Some(State::Retryable), Some(State::Cleared)];
        Ok(!matches!(renewed, Some(RenewVerdict::LeaseLost(found)) if gone.contains(&found)))
    }

    /// A request to the store for this ticket.
    fn asked(&self) -> AdmitRequest {
        let claim = &*self.claim;
        AdmitRequest {
            key: claim.key.clone(),
            ticket: claim.owner,
            hold: claim.lease,
            fingerprint: claim.fingerprint.clone(),
            holder: Arc::clone(&claim.holder),
            grace: claim.grace,
        }
    }

    fn unused(&self) -> FailRequest {
        let error = Some("the job was not enqueued".into());
        FailRequest { claim: Arc::clone(&self.claim), how: Failure::NotStarted, error }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.settled {
            self.slot.keeper.settle(Settlement::Fail(self.unused()));
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Runtime {
    /// Asks whether the job of this key is to be enqueued.
    pub(crate) async fn admit<T>(
        &self,
        settings: &Settings,
        key: Key,
        fingerprint: Option<Fingerprint>,
        codec: &ResultCodec<T>,
    ) -> Result<Admission<T>, Error> {
        let pass = Arc::new(self.pass(&Frame::current(), &key)?);
        if settings.enforced == Enforced::Shadow {
            let asked = self.ask_to_enqueue(settings, &key, fingerprint, codec, &pass).await;
            let why = match asked {
                Ok(Admission::New(ticket)) => return Ok(Admission::New(ticket)),
                Ok(Admission::AlreadyQueued) => "it is queued already".to_owned(),
                Ok(Admission::AlreadyRunning) => "it is running".to_owned(),
                Ok(Admission::AlreadyDone(_)) => "it completed before".to_owned(),
                Err(error) => error.to_string(),
            };
            events::shadowed(&key, &why);
        } else if settings.enforced.takes(&key) {
            return self.ask_to_enqueue(settings, &key, fingerprint, codec, &pass).await;
        }
        Ok(Admission::New(Ticket { key, held: None }))
    }

    async fn ask_to_enqueue<T>(
        &self,
        settings: &Settings,
        key: &Key,
        fingerprint: Option<Fingerprint>,
        codec: &ResultCodec<T>,
        pass: &Arc<Pass>,
    ) -> Result<Admission<T>, Error> {
        let slot = self.slot(settings);
        slot.keeper.ensure().map_err(|error| Error::store(key, error))?;
        loop {
            let claim = ClaimRequest {
                key: key.clone(),
                owner: Owner::random(),
                lease: self.inner.admit_ttl,
                fingerprint: fingerprint.clone(),
                holder: Arc::clone(&self.inner.holder),
                on_stale: settings.on_stale,
                max_attempts: settings.max_attempts,
                grace: settings.retention,
            };
            let (slot, claim, _pass) = (Arc::clone(slot), Arc::new(claim), Arc::clone(pass));
            // From here on a ticket may be there, whose answer nobody hears.
            let mut held = Held { slot, claim, kept_for: kept_for(settings), settled: false, _pass };
            let request = held.asked();
            let answer = run::persistently(|| held.slot.store.admit(&request)).await.answer;
            held.settled = matches!(&answer, Ok(verdict) if !matches!(verdict, AdmitVerdict::Admitted));
            return match answer.map_err(|error| Error::store(key, error))? {
                AdmitVerdict::Admitted => {
                    events::admitted(key);
                    Ok(Admission::New(Ticket { key: key.clone(), held: Some(held) }))
                }
                AdmitVerdict::Queued { record, .. } if record.completed_at.is_some() => Ok(Admission::AlreadyQueued),
                // Nobody knows whether that producer comes to it.
                AdmitVerdict::Queued { left, .. } => {
                    Err(Error::InProgress { at: At::new(key), retry_after: left.min(ASK_AGAIN) })
                }
                AdmitVerdict::Running { .. } => Ok(Admission::AlreadyRunning),
                AdmitVerdict::Completed(record) => Ok(Admission::AlreadyDone(run::kept(key, codec, &record)?)),
                AdmitVerdict::Mismatch { arguments } => Err(Error::Mismatch { at: At::new(key), arguments }),
                AdmitVerdict::Unknown(record) if record.state == State::Running => Err(abandoned(key, &record)),
                AdmitVerdict::Failed(record) | AdmitVerdict::Unknown(record) | AdmitVerdict::Cancelled(record) => {
                    Err(run::refusal(key, &record))
                }
                // The ticket was used up by an earlier sending; the next one is another.
                AdmitVerdict::Stale => continue,
            };
        }
    }
}

/// How long a job is expected that is in the queue.
fn kept_for(settings: &Settings) -> Duration {
    let kept = match settings.retention {
        Retention::For(ttl) => ttl.max(MIN_GRACE),
        Retention::Forever => LONGEST_EXPECTED,
    };
    settings.expires_after.map_or(kept, |limit| kept.min(limit))
}

fn abandoned(key: &Key, record: &Record) -> Error {
    let (attempt, process, host) = (record.attempt, record.holder.process, &record.holder.host);
    let message = format!(
        "attempt {attempt}, by process {process} on {host}, did not end, and is not to be run again unasked; the next delivery of it decides"
    );
    Error::OutcomeUnknown { at: At::new(key), message }
}
