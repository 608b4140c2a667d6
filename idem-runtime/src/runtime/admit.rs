//! Before the queue: whether a job is to be enqueued at all, and the ticket that says so.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Runtime;
use crate::claim::{AdmitRequest, AdmitVerdict, ClaimRequest, FailRequest, Failure, RenewRequest};
use crate::codec::ResultCodec;
use crate::error::{At, Error};
use crate::events;
use crate::key::{Fingerprint, Key};
use crate::lease::Settlement;
use crate::outcome::Outcome;
use crate::policy::Retention;
use crate::record::{Owner, Record, State};
use crate::run::{self, Slot};
use crate::settings::{Enforced, Settings};
use crate::store::StoreError;
use crate::transition::MIN_GRACE;

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
    /// Another producer was told to enqueue it, and no delivery has begun.
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
    /// [`Error::StoreUnavailable`] and [`Error::Store`]: the job stays in the queue and will run; producers may be told to enqueue
    /// it again once the runtime's [`admit_ttl`](super::RuntimeBuilder::admit_ttl) is over.
    ///
    /// # Cancel safety
    /// Safe: dropped before the answer, the ticket is not given back; it is kept, or ends with the `admit_ttl`.
    pub async fn keep(self) -> Result<(), Error> {
        let expected = self.held.as_ref().map_or(Duration::ZERO, |held| held.kept_for);
        self.keep_for(expected).await
    }

    /// As [`keep`](Self::keep), for so long: for a job that is due later than that.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    ///
    /// # Cancel safety
    /// As [`keep`](Self::keep).
    pub async fn keep_for(mut self, expected: Duration) -> Result<(), Error> {
        let Some(held) = &mut self.held else { return Ok(()) };
        // Whatever the store says now: the job is in the queue.
        held.settled = true;
        let request = [RenewRequest { key: self.key.clone(), owner: held.claim.owner, lease: expected }];
        let renewed = run::persistently(|| held.slot.store.renew(&request)).await.answer;
        // A delivery that has the key already needs nobody to wait for it.
        let verdict = renewed.and_then(|mut answers| answers.pop().transpose());
        verdict.map(drop).map_err(|error| Error::store(&self.key, error))
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
        if settings.enforced == Enforced::Shadow {
            let asked = self.ask_to_enqueue(settings, &key, fingerprint, codec).await;
            let why = match asked {
                Ok(Admission::New(ticket)) => return Ok(Admission::New(ticket)),
                Ok(Admission::AlreadyQueued) => "it is queued already".to_owned(),
                Ok(Admission::AlreadyRunning) => "it is running".to_owned(),
                Ok(Admission::AlreadyDone(_)) => "it completed before".to_owned(),
                Err(error) => error.to_string(),
            };
            events::shadowed(&key, &why);
        } else if settings.enforced.takes(&key) {
            return self.ask_to_enqueue(settings, &key, fingerprint, codec).await;
        }
        Ok(Admission::New(Ticket { key, held: None }))
    }

    async fn ask_to_enqueue<T>(
        &self,
        settings: &Settings,
        key: &Key,
        fingerprint: Option<Fingerprint>,
        codec: &ResultCodec<T>,
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
            let (slot, claim) = (Arc::clone(slot), Arc::new(claim));
            // From here on a ticket may be there, whose answer nobody hears.
            let mut held = Held { slot, claim, kept_for: kept_for(settings), settled: false };
            let request = held.asked();
            let answer = run::persistently(|| held.slot.store.admit(&request)).await.answer;
            held.settled = !matches!(answer, Ok(AdmitVerdict::Admitted) | Err(StoreError::Unavailable { .. }));
            let verdict = match answer {
                Ok(verdict) => verdict,
                // A claim that is not committed yet: somebody is running.
                Err(StoreError::Busy { .. }) => return Ok(Admission::AlreadyRunning),
                Err(error) => return Err(Error::store(key, error)),
            };
            return match verdict {
                AdmitVerdict::Admitted => {
                    events::admitted(key);
                    Ok(Admission::New(Ticket { key: key.clone(), held: Some(held) }))
                }
                AdmitVerdict::Queued(_) => Ok(Admission::AlreadyQueued),
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
