//! Calls of one key inside one process meet here before any store is asked: the first leads, the others follow it.

#[cfg(all(test, idem_interleavings))]
mod tests;

use std::sync::{Arc, PoisonError};

use crate::key::{Fingerprint, Key, RandomBytesMap};
use crate::record::Record;
use crate::store::StoreError;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, Notify, OnceLock};

const SHARDS: usize = 16;

/// So many calls of one process may wait for others; more are told that the call is in progress. A waiter is a future and
/// a reference, so this bounds memory to some tens of megabytes.
const MOST_FOLLOWERS: usize = 65_536;

/// The flights of one store.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    shards: [Mutex<RandomBytesMap<[u8; 32], Arc<Flight>>>; SHARDS],
    followers: AtomicUsize,
}

/// One key on its way.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    fingerprint: Option<Fingerprint>,
    /// The store said that the key is running, here or elsewhere: until then a follower does not know.
    running: AtomicBool,
    landed: OnceLock<Landing>,
    news: Notify,
    /// The body that the leader runs.
    body: OnceLock<Arc<Waits>>,
}

/// How a flight ended.
#[derive(Debug, Clone)]
pub(crate) enum Landing {
    /// The key is completed.
    Completed(Arc<Record>),
    /// Without an answer for others: the next to look leads.
    Free,
    /// The store could not be asked: it is not asked again for each follower.
    Away(StoreError),
}

/// What a body waits for, through all the calls that are made in it: so that no two bodies wait for each other for ever.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    caller: Option<Arc<Waits>>,
    flights: Mutex<Vec<Arc<Flight>>>,
}

/// Who waits for whom is looked at and said by one call at a time, or two could begin to wait for each other at once.
static WAITING: Mutex<()> = Mutex::new(());

/// The key is running, so a follower that does not wait need not.
pub(crate) struct IsRunning;

/// What a call is to the flight of its key.
pub(crate) enum Joined<'a> {
    /// The first: it asks the store.
    Leads(Leader<'a>),
    /// Another leads.
    Follows(Follower<'a>),
}

impl Flights {
    /// Joins the flight of a key, or starts it.
    pub(crate) fn join(&self, key: &Key, fingerprint: Option<&Fingerprint>) -> Joined<'_> {
        let mut flights = self.shard(key);
        if let Some(flight) = flights.get(key.digest()) {
            self.followers.fetch_add(1, Ordering::Relaxed);
            return Joined::Follows(Follower { flights: self, flight: Arc::clone(flight) });
        }
        let flight = Arc::new(Flight { fingerprint: fingerprint.cloned(), ..Flight::default() });
        flights.insert(*key.digest(), Arc::clone(&flight));
        Joined::Leads(Leader { flights: self, digest: *key.digest(), flight })
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, RandomBytesMap<[u8; 32], Arc<Flight>>> {
        self.shard_of(key.digest())
    }

    fn shard_of(&self, digest: &[u8; 32]) -> MutexGuard<'_, RandomBytesMap<[u8; 32], Arc<Flight>>> {
        let [first, ..] = digest;
        lock(&self.shards[usize::from(*first) % SHARDS])
    }
}

/// The call that asks the store for all calls of its key in this process. Dropped without landing, the next leads.
#[derive(Debug)]
pub(crate) struct Leader<'a> {
    flights: &'a Flights,
    digest: [u8; 32],
    flight: Arc<Flight>,
}

impl Leader<'_> {
    /// The key is running: followers that do not wait may go.
    pub(crate) fn runs(&self) {
        self.flight.running.store(true, Ordering::Release);
        self.flight.news.notify_waiters();
    }

    /// The body that runs for this flight.
    pub(crate) fn enters(&self, body: &Arc<Waits>) {
        _ = self.flight.body.set(Arc::clone(body));
    }

    /// The key is completed: every follower gets the record.
    pub(crate) fn land(self, record: Arc<Record>) {
        _ = self.flight.landed.set(Landing::Completed(record));
    }

    /// The store cannot be asked: every follower is told.
    pub(crate) fn away(self, error: &StoreError) {
        _ = self.flight.landed.set(Landing::Away(error.clone()));
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.flights.shard_of(&self.digest).remove(&self.digest);
        self.flight.landed.get_or_init(|| Landing::Free);
        self.flight.news.notify_waiters();
    }
}

/// A call that waits for the leader's answer.
#[derive(Debug)]
pub(crate) struct Follower<'a> {
    flights: &'a Flights,
    flight: Arc<Flight>,
}

impl Follower<'_> {
    /// Whether there is room to wait.
    pub(crate) fn may_wait(&self) -> bool {
        self.flights.followers.load(Ordering::Relaxed) <= MOST_FOLLOWERS
    }

    /// Begins to wait on behalf of a body. `None`: the leader's body waits, through whatever calls, for that body itself.
    pub(crate) fn waits_for(&self, waiter: &Arc<Waits>) -> Option<Waiting> {
        let _one_at_a_time = lock(&WAITING);
        if self.flight.ends_at(waiter) {
            return None;
        }
        for body in waiter.and_callers() {
            lock(&body.flights).push(Arc::clone(&self.flight));
        }
        Some(Waiting { waiter: Arc::clone(waiter), flight: Arc::clone(&self.flight) })
    }

    /// The names of the arguments in which this call differs from the leader's.
    pub(crate) fn differing(&self, fingerprint: Option<&Fingerprint>) -> Option<Vec<String>> {
        let (theirs, ours) = self.flight.fingerprint.as_ref().zip(fingerprint)?;
        (!theirs.matches(ours)).then(|| theirs.differing(ours))
    }

    /// How the flight ended, once it did.
    pub(crate) async fn landed(&self) -> Landing {
        self.once(|flight| flight.landed.get().cloned()).await
    }

    /// As `landed`, but where the key is running, that at once: `Err`.
    pub(crate) async fn landed_unless_running(&self) -> Result<Landing, IsRunning> {
        let look = |flight: &Flight| match flight.landed.get() {
            Some(landed) => Some(Ok(landed.clone())),
            None => flight.running.load(Ordering::Acquire).then_some(Err(IsRunning)),
        };
        self.once(look).await
    }

    /// Waits until `look` sees something.
    async fn once<T>(&self, look: impl Fn(&Flight) -> Option<T>) -> T {
        loop {
            let mut news = std::pin::pin!(self.flight.news.notified());
            news.as_mut().enable();
            if let Some(seen) = look(&self.flight) {
                return seen;
            }
            news.await;
        }
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        self.flights.followers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Waits {
    /// A body, called from another one or from outside of any.
    pub(crate) fn new(caller: Option<&Arc<Self>>) -> Arc<Self> {
        Arc::new(Self { caller: caller.cloned(), flights: Mutex::default() })
    }

    /// This body and those that it was called from.
    fn and_callers(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |body| body.caller.as_deref())
    }
}

impl Flight {
    /// Whether the body of this flight, or of one that it waits for, is `waiter` or called it.
    fn ends_at(&self, waiter: &Waits) -> bool {
        let Some(body) = self.body.get() else { return false };
        waiter.and_callers().any(|caller| std::ptr::eq(caller, &**body))
            || lock(&body.flights).iter().any(|next| next.ends_at(waiter))
    }
}

/// A body waits for a flight until this is dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    waiter: Arc<Waits>,
    flight: Arc<Flight>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        for body in self.waiter.and_callers() {
            let mut flights = lock(&body.flights);
            if let Some(at) = flights.iter().position(|flight| Arc::ptr_eq(flight, &self.flight)) {
                flights.swap_remove(at);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
