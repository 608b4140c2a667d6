//! What an operator does with keys: look, forget, refuse, decide; and the sweeper.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Runtime;
use crate::claim::{CancelRequest, CancelVerdict, ClearVerdict, ResolveRequest, ResolveVerdict};
use crate::codec::{self, CodecError, ResultCodec};
use crate::error::{At, Error};
use crate::key::Key;
use crate::options::TaskOptions;
use crate::policy::Retention;
use crate::record::{Record, State, StoredResult};
use crate::registry;
use crate::run::Slot;
use crate::store::SweepReport;

/// How many records one look of a sweeper removes at the most; it looks again while there are more.
const SWEEP_BATCH: usize = 1_000;

/// An operator's word on a call whose outcome is not known: for the `resolve` of a task's companion, which knows `T`, or for
/// [`Runtime::resolve`] by key. There, where no value says what `T` is, it is written `Resolution::<()>::Retry`.
#[derive(Debug, Clone)]
pub enum Resolution<T = ()> {
    /// The effect took place, with this result: a value of the task's result type, `()` where the task discards its results.
    Completed(T),
    /// It did not: the next delivery runs.
    Retry,
    /// Later deliveries are to be refused.
    Cancel,
}

/// A resolution with what is to be kept of its result, or why that cannot be kept.
type Decision = Resolution<Result<StoredResult, CodecError>>;

impl<T> Resolution<T> {
    /// What a task with this codec keeps of the result, whatever its size: an operator gives it on purpose.
    pub(crate) fn kept(self, codec: &ResultCodec<T>) -> Decision {
        self.map(|value| codec.store(value, u64::MAX))
    }

    fn map<R>(self, value: impl FnOnce(&T) -> R) -> Resolution<R> {
        match self {
            Self::Completed(result) => Resolution::Completed(value(&result)),
            Self::Retry => Resolution::Retry,
            Self::Cancel => Resolution::Cancel,
        }
    }
}

impl Runtime {
    /// The record of a key; `None` where there is none, or its time is over, or it was cleared. The key of a task that
    /// nothing registered is looked for in every store.
    ///
    /// # Errors
    /// [`Error::StoreUnavailable`], and [`Error::Store`] for a record that cannot be read; [`Error::Config`] where nothing
    /// registered the task and several stores hold the key.
    ///
    /// # Cancel safety
    /// Safe: reads only.
    pub async fn status(&self, key: &Key) -> Result<Option<Record>, Error> {
        let Some((slot, _)) = self.home(key).await? else { return Ok(None) };
        look(slot, key).await
    }

    /// Forgets a key, so that its task may run again; whether there was anything to forget.
    ///
    /// # Errors
    /// [`Error::InProgress`] for a live claim; else as [`Runtime::status`].
    ///
    /// # Cancel safety
    /// Dropped before it answers, the key may or may not be forgotten; clearing again does no harm.
    pub async fn clear(&self, key: &Key) -> Result<bool, Error> {
        self.forget(key, false).await
    }

    /// As [`Runtime::clear`], also of a live claim: its body goes on until its next heartbeat, and its completion is refused.
    ///
    /// # Errors
    /// As [`Runtime::status`].
    ///
    /// # Cancel safety
    /// As [`Runtime::clear`].
    pub async fn clear_forced(&self, key: &Key) -> Result<bool, Error> {
        self.forget(key, true).await
    }

    async fn forget(&self, key: &Key, force: bool) -> Result<bool, Error> {
        let Some((slot, _)) = self.home(key).await? else { return Ok(false) };
        match slot.store.clear(key, force).await.map_err(|error| Error::store(key, error))? {
            ClearVerdict::Cleared => Ok(true),
            ClearVerdict::Absent => Ok(false),
            ClearVerdict::InProgress(left) => {
                Err(Error::InProgress { at: At::new(key), retry_after: left.unwrap_or(Duration::from_secs(1)) })
            }
        }
    }

    /// Cancels a key: later deliveries are refused with [`Error::Cancelled`]. False where the call had completed.
    ///
    /// # Errors
    /// As [`Runtime::status`]; [`Error::Config`] also where nothing registered the task and none of several stores knows
    /// the key: the one that is to refuse it is not known.
    ///
    /// # Cancel safety
    /// As [`Runtime::clear`].
    pub async fn cancel(&self, key: &Key) -> Result<bool, Error> {
        let Some((slot, grace)) = self.home(key).await? else {
            return Err(Error::Config(format!(
                "no store of {} holds a record of {key}, and nothing registered its task: register it, so that it is known which store is to refuse the key",
                super::builder::names(&self.inner.slots)
            )));
        };
        let request = CancelRequest { key: key.clone(), grace };
        let verdict = slot.store.cancel(&request).await.map_err(|error| Error::store(key, error))?;
        Ok(verdict == CancelVerdict::Cancelled)
    }

    /// Decides a call whose outcome is not known: set aside, or its owner gone. Where the task has a companion, its `resolve`
    /// does the same, and the compiler checks the type of the value: `charge::resolve(&4711, Resolution::Completed(receipt))`.
    /// By a key alone no type is known: a value of another type is kept as it is, and refused by each replay
    /// ([`Error::ResultType`]).
    ///
    /// # Errors
    /// [`Error::Config`] where the record is in another state; [`Error::ResultType`] for a value that cannot be encoded;
    /// else as [`Runtime::status`].
    ///
    /// # Cancel safety
    /// As [`Runtime::clear`].
    pub async fn resolve<T: Serialize>(&self, key: &Key, resolution: Resolution<T>) -> Result<(), Error> {
        let encode = |value: &T| codec::encode(value).map(StoredResult::Envelope);
        self.decide(key, resolution.map(encode)).await
    }

    /// Resolves, with what is to be kept of a result, or why it cannot be.
    pub(crate) async fn decide(&self, key: &Key, decision: Decision) -> Result<(), Error> {
        let not_there = |found: &str| {
            let at = At::new(key);
            Error::Config(format!("{at} is {found}: only a record that is parked, or whose owner is gone, is resolved"))
        };
        let Some((slot, retention)) = self.home(key).await? else { return Err(not_there("absent")) };
        let request = match decision {
            Resolution::Completed(Ok(result)) => ResolveRequest::Completed(result, retention),
            Resolution::Completed(Err(error)) => {
                return Err(Error::ResultType { at: At::new(key), reason: error.to_string() });
            }
            Resolution::Retry => ResolveRequest::Retry,
            Resolution::Cancel => ResolveRequest::Cancel,
        };
        match slot.store.resolve(key, &request).await.map_err(|error| Error::store(key, error))? {
            ResolveVerdict::Resolved(_) => Ok(()),
            ResolveVerdict::NotParked(found) => Err(not_there(found.map_or("absent", State::as_str))),
        }
    }

    /// Removes expired records from every store, and reports the claims whose owner is gone. By the name of the store.
    ///
    /// # Errors
    /// [`Error::Config`], naming the store that could not be swept; the others are swept all the same.
    ///
    /// # Cancel safety
    /// Safe: what was removed stays removed, the rest is swept the next time.
    pub async fn sweep(&self) -> Result<Vec<(String, SweepReport)>, Error> {
        let mut reports = Vec::new();
        let mut failed = None;
        for slot in self.slots() {
            match sweep_all(slot).await {
                Ok(report) => reports.push((slot.name.to_string(), report)),
                Err(error) => {
                    failed = Some(Error::Config(format!("store `{}` could not be swept: {error}", slot.name)))
                }
            }
        }
        failed.map_or(Ok(reports), Err)
    }

    /// Sweeps again and again, with `every` between two looks, until the handle is aborted. Failures are events.
    pub fn spawn_sweeper(&self, every: Duration) -> tokio::task::JoinHandle<()> {
        let runtime = self.clone();
        tokio::spawn(async move {
            loop {
                if let Err(error) = runtime.sweep().await {
                    crate::events::sweep_failed(&error);
                }
                tokio::time::sleep(every).await;
            }
        })
    }

    /// The store that keeps a key, and how long its task's records are kept. What nothing registered is where a call by
    /// hand put it: `None` where several stores may hold it and none does.
    pub(super) async fn home(&self, key: &Key) -> Result<Option<(&Arc<Slot>, Retention)>, Error> {
        let registered = registry::find(key.task(), Some(key.version()));
        if let Some(task) = registered.filter(|task| task.unprotected().is_none()) {
            let settings = self.settings(task)?;
            return Ok(Some((self.slot(&settings), settings.retention)));
        }
        let default = || self.unregistered(key.task(), key.version().max(1), &TaskOptions::default());
        let (mut found, mut unreadable, mut failed) = (Vec::new(), Vec::new(), None);
        for slot in self.slots() {
            match slot.store.get(key).await {
                Ok(Some(record)) => found.push((slot, record)),
                Ok(None) => {}
                Err(error) if error.is_unavailable() => failed = Some(Error::store(key, error)),
                // A record that does not read is one all the same: an operator must be able to clear it.
                Err(_) => unreadable.push(slot),
            }
        }
        if let ([], [slot]) = (found.as_slice(), unreadable.as_slice()) {
            return Ok(Some((slot, default()?.retention)));
        }
        // What is left of a cleared record counts only where there is nothing else.
        if found.iter().any(|(_, record)| record.state != State::Cleared) {
            found.retain(|(_, record)| record.state != State::Cleared);
        }
        match (found.as_slice(), failed) {
            ([(slot, record)], _) => Ok(Some((slot, record.grace))),
            ([], Some(error)) => Err(error),
            ([], None) if self.inner.slots.len() > 1 => Ok(None),
            ([], None) => Ok(Some((&self.inner.default, default()?.retention))),
            (several, _) => {
                let names: Vec<_> = several.iter().map(|(slot, _)| &*slot.name).collect();
                Err(Error::Config(format!(
                    "several stores ({}) hold a record of {key}: register the task, so that it is known which one is meant",
                    names.join(", ")
                )))
            }
        }
    }
}

/// The record of a key in its store, unless it was cleared.
pub(super) async fn look(slot: &Slot, key: &Key) -> Result<Option<Record>, Error> {
    let record = slot.store.get(key).await.map_err(|error| Error::store(key, error))?;
    Ok(record.filter(|record| record.state != State::Cleared).map(Arc::unwrap_or_clone))
}

async fn sweep_all(slot: &Slot) -> Result<SweepReport, crate::store::StoreError> {
    let mut all = SweepReport::default();
    loop {
        let report = slot.store.sweep(SWEEP_BATCH).await?;
        let more = report.removed >= SWEEP_BATCH as u64;
        all.removed += report.removed;
        (all.stale, all.bad) = (report.stale, report.bad);
        if !more {
            return Ok(all);
        }
        // A store in this process answers at once: others of this thread shall have their turn.
        tokio::task::yield_now().await;
    }
}
