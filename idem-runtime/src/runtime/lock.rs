//! A distributed lock on the runtime's stores.

use std::fmt;
use std::num::NonZeroU32;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use super::Runtime;
use crate::ambient::Frame;
use crate::claim::{ClaimRequest, Claimed, FailRequest, FailVerdict, Failure};
use crate::clock::Clock;
use crate::error::{At, Error};
use crate::gate::Pass;
use crate::key::{Key, KeyWriter, TaskIdent};
use crate::lease::{Guarded, Lease, Ran, Settlement};
use crate::options::check_lease;
use crate::policy::{OnStale, Retention, parse_duration};
use crate::record::Owner;
use crate::run::{self, Slot, Wait};
use crate::settings::DEFAULT_LEASE;

/// The task under which the keys of locks stand.
const TASK: &str = "idem.lock";

impl Runtime {
    /// A lock of this name, held by one at a time among all processes on the store and the namespace.
    ///
    /// ```
    /// # use idem_runtime as idem;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::Error> {
    /// # let runtime = idem::Runtime::builder().store(idem::MemoryStore::new()).build()?;
    /// let lock = runtime.lock("process_batch:42").lease("5m").wait("10s").acquire().await?;
    /// let done = lock.while_held(async { /* the work */ "done" }).await?;
    /// lock.release().await?;
    /// # assert_eq!(done, "done");
    /// # Ok(()) }
    /// ```
    pub fn lock(&self, name: &str) -> LockBuilder {
        LockBuilder { runtime: self.clone(), name: name.to_owned(), lease: None, wait: None, store: None }
    }
}

/// Settings of a lock to be acquired.
#[derive(Debug)]
#[must_use]
pub struct LockBuilder {
    runtime: Runtime,
    name: String,
    lease: Option<String>,
    wait: Option<String>,
    store: Option<String>,
}

impl LockBuilder {
    /// How long the lock is held without a heartbeat, so how long it blocks others once its process is gone: `"5m"`;
    /// default 30 seconds. Heartbeats are sent as long as the [`Lock`] lives.
    pub fn lease(mut self, text: &str) -> Self {
        self.lease = Some(text.to_owned());
        self
    }

    /// How long to wait for another holder at the most: `"10s"`; default as long as it takes.
    pub fn wait(mut self, text: &str) -> Self {
        self.wait = Some(text.to_owned());
        self
    }

    /// The named store that keeps the lock; default the runtime's own.
    pub fn store(mut self, name: &str) -> Self {
        self.store = Some(name.to_owned());
        self
    }

    /// Acquires the lock, and waits for it where another holds it. There is no queue: who asks next after a release gets
    /// it. A lock is not reentrant: whoever holds it waits for itself.
    ///
    /// # Errors
    /// [`Error::InProgress`] where another holds it when the wait is over; [`Error::StoreUnavailable`] and [`Error::Store`];
    /// [`Error::Cancelled`] where an operator cancelled the lock's key; [`Error::ShutDown`] once [`Runtime::shutdown`] was called;
    /// [`Error::Key`] for a name that cannot be a key,
    /// [`Error::Config`] for a text that is no duration and a store that is not there.
    ///
    /// # Cancel safety
    /// Safe: a claim that was granted meanwhile is released by the keeper.
    pub async fn acquire(self) -> Result<Lock, Error> {
        let wait = self.wait.as_deref().map(|text| self.duration("wait", text)).transpose()?;
        self.claim(Wait::For(wait)).await
    }

    /// Acquires the lock if nobody holds it.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire); [`Error::InProgress`] at once.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    pub async fn try_acquire(self) -> Result<Lock, Error> {
        self.claim(Wait::No).await
    }

    async fn claim(self, wait: Wait) -> Result<Lock, Error> {
        let inner = &self.runtime.inner;
        if self.name.is_empty() {
            return Err(Error::Config("a lock needs a name: it is what tells it from another".into()));
        }
        let lease = match &self.lease {
            Some(text) => self.duration("lease", text)?,
            None => DEFAULT_LEASE,
        };
        check_lease(lease).map_err(|what| self.refuse(&what))?;
        let slot = match self.store.as_deref() {
            None => &inner.default,
            Some(name) => inner.slots.get(name).ok_or_else(|| {
                let known: Vec<_> = inner.slots.keys().map(String::as_str).collect();
                self.refuse(&format!("no store is named `{name}`; there are: {}", known.join(", ")))
            })?,
        };
        let task = TaskIdent::new(TASK, NonZeroU32::MIN);
        let key = KeyWriter::new().finish_explicit(&inner.space, &task, &self.name);
        let (key, _) = key.map_err(|refusal| Error::key(TASK, refusal))?;
        let pass = self.runtime.pass(&Frame::current(), &key)?;
        let request = ClaimRequest {
            key: key.clone(),
            owner: Owner::NOBODY,
            lease,
            fingerprint: None,
            holder: Arc::clone(&inner.holder),
            on_stale: OnStale::Rerun,
            max_attempts: None,
            grace: Retention::For(Duration::ZERO),
        };
        let (lease, claimed) = run::lock(slot, &*inner.clock, &request, wait, &pass).await?;
        let (slot, clock) = (Arc::clone(slot), Arc::clone(&inner.clock));
        Ok(Lock { name: self.name, key, claimed, lease, slot, clock, held: true, _pass: pass })
    }

    fn duration(&self, option: &str, text: &str) -> Result<Duration, Error> {
        parse_duration(text).map_err(|error| self.refuse(&format!("`{option}`: {error}")))
    }

    fn refuse(&self, what: &str) -> Error {
        Error::Config(format!("lock `{}`: {what}", self.name))
    }
}

/// A lock that is held. Heartbeats are sent while this lives; dropped, it is released.
///
/// A holder that is paused for longer than its lease loses the lock and cannot know it before it looks. What must not
/// happen twice then asks for the [`fence`](Self::fence), or runs in [`while_held`](Self::while_held), or is preceded by
/// [`ensure_held`](Self::ensure_held).
#[must_use = "a lock that is dropped is released"]
pub struct Lock {
    name: String,
    key: Key,
    claimed: Claimed,
    lease: Arc<Lease>,
    slot: Arc<Slot>,
    clock: Arc<dyn Clock>,
    held: bool,
    /// A shutdown waits for what holds a lock.
    _pass: Pass,
}

impl Lock {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key under which the lock stands, for an operator.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The fencing token: higher than that of every earlier holder. Hand it to a downstream system that refuses a lower
    /// one than it has seen, and a holder that outlived its lease cannot write.
    pub fn fence(&self) -> u64 {
        self.claimed.fence
    }

    /// Whether the lock is held, as far as the last heartbeat and the holder's own deadline tell.
    pub fn is_held(&self) -> bool {
        !self.lease.is_over(&*self.clock)
    }

    /// Asks the store whether the lock is still this holder's, and renews it: before a step that cannot be undone.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] where it is not; [`Error::StoreUnavailable`] and [`Error::Store`] where the store cannot say.
    ///
    /// # Cancel safety
    /// Safe: a renewal whose answer is not awaited does no harm.
    pub async fn ensure_held(&self) -> Result<(), Error> {
        let confirmed = self.lease.confirm(&*self.slot.store, &*self.clock).await;
        match confirmed.map_err(|error| Error::store(&self.key, error))? {
            true => Ok(()),
            false => Err(self.lost()),
        }
    }

    /// Runs a future while the lock is held: once the lease is over it is not polled again, and dropped.
    ///
    /// # Errors
    /// [`Error::LeaseLost`]: the future was dropped at one of its awaits.
    ///
    /// # Cancel safety
    /// As the future's own.
    pub async fn while_held<F: Future>(&self, work: F) -> Result<F::Output, Error> {
        let guarded = Guarded::new(Box::pin(work), Some((&self.lease, &*self.clock)), None);
        let (ran, panic) = match guarded.await {
            Ran::Returned(value, panic) => (Ok(value), panic),
            Ran::LeaseOver(panic) | Ran::Overran(panic) => (Err(self.lost()), panic),
            Ran::Panicked(panic) => resume_unwind(panic),
        };
        match panic {
            Some(panic) => resume_unwind(panic),
            None => ran,
        }
    }

    /// Releases the lock and says whether it was held to the end. Dropping it releases it as well, in the background.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] where another may have held it meanwhile; [`Error::StoreUnavailable`] and [`Error::Store`]: the
    /// release is left to the keeper, and to the lease.
    ///
    /// # Cancel safety
    /// Safe: the release is left to the keeper.
    pub async fn release(mut self) -> Result<(), Error> {
        // A record that nobody holds takes a release from anybody: whether it was held to the end only a renewal tells.
        let confirmed = self.ensure_held().await;
        if matches!(confirmed, Err(Error::LeaseLost { .. })) {
            self.let_go();
        }
        confirmed?;
        let answer = self.slot.store.fail(&self.given_up()).await;
        let verdict = answer.map_err(|error| Error::store(&self.key, error))?;
        self.let_go();
        match verdict {
            FailVerdict::Settled(_) => Ok(()),
            FailVerdict::LeaseLost(_) => Err(self.lost()),
        }
    }

    /// Nothing is left to be released.
    fn let_go(&mut self) {
        self.held = false;
        self.slot.keeper.let_go(&self.lease.claim.owner);
    }

    /// A lock counts no attempts: nobody's work was in vain.
    fn given_up(&self) -> FailRequest {
        FailRequest { claim: Arc::clone(&self.lease.claim), how: Failure::NotStarted, error: None }
    }

    fn lost(&self) -> Error {
        Error::LeaseLost { at: At::new(&self.key) }
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, key, claimed, .. } = self;
        f.debug_struct("Lock")
            .field("name", name)
            .field("key", key)
            .field("fence", &claimed.fence)
            .finish_non_exhaustive()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.held {
            self.slot.keeper.let_go(&self.lease.claim.owner);
            self.slot.keeper.settle(Settlement::Fail(self.given_up()));
        }
    }
}
