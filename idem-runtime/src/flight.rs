//! Calls of one key inside one process meet here before any store is asked: the first leads, the others follow it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;

use crate::key::{Fingerprint, Key, RandomBytesMap};
use crate::record::Record;

const SHARDS: usize = 16;

/// So many calls of one process may wait for others; more are told that the call is in progress. A waiter is a future and
/// a reference, so this bounds memory to some tens of megabytes (docs/security: waiters as a denial of service).
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
    /// The completed record; `None` where the leader ended without one: the next to look leads.
    landed: OnceLock<Option<Arc<Record>>>,
    news: Notify,
}

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
        self.shards[usize::from(*first) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The key is completed: every follower gets the record.
    pub(crate) fn land(self, record: Arc<Record>) {
        _ = self.flight.landed.set(Some(record));
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.flights.shard_of(&self.digest).remove(&self.digest);
        self.flight.landed.get_or_init(|| None);
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

    /// The names of the arguments in which this call differs from the leader's.
    pub(crate) fn differing(&self, fingerprint: Option<&Fingerprint>) -> Option<Vec<String>> {
        let (theirs, ours) = self.flight.fingerprint.as_ref().zip(fingerprint)?;
        (!theirs.matches(ours)).then(|| theirs.differing(ours))
    }

    /// The completed record, once there is one; `None` where the leader ended without.
    pub(crate) async fn landed(&self) -> Option<Arc<Record>> {
        self.once(|flight| flight.landed.get().cloned()).await
    }

    /// As `landed`, but where the key is running, that at once: `Err`.
    pub(crate) async fn landed_unless_running(&self) -> Result<Option<Arc<Record>>, IsRunning> {
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
