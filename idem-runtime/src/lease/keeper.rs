//! The keeper: one operating-system thread a store, which sends the heartbeats of all running claims together and settles
//! what dropped calls left behind. It has an async runtime and a connection of its own, so that a caller's runtime starved
//! by blocking code does not lose its leases (LEASE-4).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::leftovers::{Leftovers, Settlement};
use super::{Busy, Lease, micros};
use crate::claim::{RenewRequest, RenewVerdict};
use crate::clock::Clock;
use crate::events;
use crate::key::RandomBytesMap;
use crate::record::{Owner, State};
use crate::store::{Store, StoreError};

/// A keeper that has not ticked for so long is taken for stuck, and another is started before the next claim.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// While claims are held, the keeper looks at least so often; a claim with a shorter beat wakes it.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
const SHORTEST_SLEEP: Duration = Duration::from_millis(5);

/// The pause before a store that did not answer is asked again.
const RETRY: Duration = Duration::from_millis(100);

/// How long a store may take to open the keeper's connection or to answer it.
pub(super) const LONGEST_ANSWER: Duration = Duration::from_secs(5);

/// Sends heartbeats for the calls of one store.
#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    process: u32,
}

#[derive(Debug)]
struct Shared {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    held: Mutex<RandomBytesMap<Owner, Arc<Lease>>>,
    left: Leftovers,
    /// A renewal is on its way: there is one at a time, and nothing else waits for it.
    renewing: AtomicBool,
    news: Notify,
    /// When the thread looks again, in microseconds of uptime; `u64::MAX` while it waits for news.
    looks_at: AtomicU64,
    ticked_at: AtomicU64,
    /// Which thread is in charge: a stuck one that comes back finds itself replaced. Zero: none was started.
    generation: AtomicU64,
    closed: AtomicBool,
}

impl Keeper {
    /// A keeper for `store`. Its thread starts with the first claim.
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared {
            store,
            clock,
            held: Mutex::default(),
            left: Leftovers::default(),
            renewing: AtomicBool::new(false),
            news: Notify::new(),
            looks_at: AtomicU64::new(u64::MAX),
            ticked_at: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), process: std::process::id() }
    }

    /// Makes sure that a thread is there to send heartbeats, before a claim is made.
    ///
    /// # Errors
    /// In a forked child, which has the parent's claims and none of its threads; where no thread can be started.
    pub(crate) fn ensure(&self) -> Result<(), StoreError> {
        let child = std::process::id();
        if child != self.process {
            return Err(StoreError::Forked { parent: self.process, child });
        }
        let shared = &self.shared;
        let generation = shared.generation.load(Ordering::Acquire);
        let waits = shared.looks_at.load(Ordering::Acquire) == u64::MAX;
        let quiet = micros(shared.clock.uptime()).saturating_sub(shared.ticked_at.load(Ordering::Acquire));
        if generation > 0 && (waits || quiet < micros(STUCK_AFTER)) {
            return Ok(());
        }
        let next = generation + 1;
        if shared.generation.compare_exchange(generation, next, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return Ok(());
        }
        shared.tick();
        shared.looks_at.store(0, Ordering::Release);
        let (thread, name) = (Arc::clone(shared), "idem-keeper".to_owned());
        let started = std::thread::Builder::new().name(name).spawn(move || serve(&thread, next));
        started.map(drop).map_err(|error| {
            shared.generation.store(0, Ordering::Release);
            StoreError::Unavailable { store: "the keeper's thread".into(), reason: error.to_string() }
        })
    }

    /// Takes a claim into the heartbeats.
    pub(crate) fn hold(&self, lease: &Arc<Lease>) {
        let beat = lease.next_beat.load(Ordering::Acquire);
        let mut held = lock(&self.shared.held);
        held.insert(lease.claim.owner, Arc::clone(lease));
        if beat < self.shared.looks_at.load(Ordering::Acquire) {
            self.shared.news.notify_one();
        }
    }

    /// Takes a claim out of the heartbeats.
    pub(crate) fn let_go(&self, owner: &Owner) {
        let gone = lock(&self.shared.held).remove(owner);
        // After the lock: it may be the last to hold a waker, which is foreign code.
        drop(gone);
    }

    /// Leaves a settlement to the keeper: a drop cannot await. Where it fails until the lease is over, the lease does it.
    pub(crate) fn settle(&self, settlement: Settlement) {
        self.shared.left.add(settlement, self.shared.clock.uptime());
        self.shared.news.notify_one();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.news.notify_one();
    }
}

/// The thread.
fn serve(shared: &Arc<Shared>, generation: u64) {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(keep(shared, generation)),
        Err(error) => {
            events::keeper_failed(&error.to_string());
            shared.generation.store(0, Ordering::Release);
        }
    }
}

/// Looks, starts what is due, and sleeps until the next look. It waits for no answer of the store itself, so that a slow
/// one delays neither the next look nor the bodies whose deadline has passed.
async fn keep(shared: &Arc<Shared>, generation: u64) {
    let mut store = None;
    while shared.generation.load(Ordering::Acquire) == generation {
        shared.tick();
        shared.looks_at.store(0, Ordering::Release);
        shared.wake_overdue();
        if store.is_none() {
            store = shared.open().await;
        }
        if let Some(store) = &store {
            let due = shared.due();
            if !due.is_empty() && !shared.renewing.swap(true, Ordering::AcqRel) {
                tokio::spawn(renew(Arc::clone(shared), Arc::clone(store), due));
            }
            if shared.left.is_waiting() {
                tokio::spawn(settle_left(Arc::clone(shared), Arc::clone(store)));
            }
        }
        if shared.closed.load(Ordering::Acquire) && shared.left.is_empty() {
            return;
        }
        match shared.next_look(store.is_some()) {
            Some(sleep) => _ = tokio::time::timeout(sleep, shared.news.notified()).await,
            None => shared.news.notified().await,
        }
    }
}

/// Renews claims together.
async fn renew(shared: Arc<Shared>, store: Arc<dyn Store>, due: Vec<Arc<Lease>>) {
    let renewing = Busy(&shared.renewing);
    let request = |lease: &Arc<Lease>| {
        let claim = &lease.claim;
        RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: claim.lease }
    };
    let requests: Vec<_> = due.iter().map(request).collect();
    let sent = shared.clock.uptime();
    let answers = tokio::time::timeout(LONGEST_ANSWER, store.renew(&requests)).await;
    let mut answers = answers.ok().and_then(Result::ok).unwrap_or_default().into_iter();
    for lease in due {
        match answers.next() {
            Some(Ok(RenewVerdict::Renewed)) => lease.renewed(sent),
            Some(Ok(RenewVerdict::LeaseLost(Some(State::Cancelled)))) => lease.cancel(),
            Some(Ok(RenewVerdict::LeaseLost(_))) => lease.lose(),
            Some(Err(_)) | None => {
                lease.missed(shared.clock.uptime());
                events::beat_missed(&lease.claim.key);
            }
        }
    }
    drop(renewing);
    shared.news.notify_one();
}

/// Sends what dropped calls left behind.
async fn settle_left(shared: Arc<Shared>, store: Arc<dyn Store>) {
    shared.left.settle(&store, &*shared.clock).await;
    shared.news.notify_one();
}

impl Shared {
    fn tick(&self) {
        self.ticked_at.store(micros(self.clock.uptime()), Ordering::Release);
    }

    async fn open(&self) -> Option<Arc<dyn Store>> {
        match tokio::time::timeout(LONGEST_ANSWER, self.store.keeper()).await {
            Ok(Ok(store)) => Some(store),
            Ok(Err(error)) => {
                events::keeper_failed(&error.to_string());
                None
            }
            Err(_) => {
                events::keeper_failed("its connection did not open in time");
                None
            }
        }
    }

    /// Wakes the bodies whose own deadline has passed, so that they are dropped.
    fn wake_overdue(&self) {
        let is_over = |lease: &&Arc<Lease>| lease.is_over(&*self.clock);
        // Collected first: a task that is woken may end its call at once, which takes the lock.
        let overdue: Vec<_> = lock(&self.held).values().filter(is_over).cloned().collect();
        overdue.iter().for_each(|lease| lease.wake());
    }

    /// The claims whose beat is due.
    fn due(&self) -> Vec<Arc<Lease>> {
        let now = micros(self.clock.uptime());
        let due = |lease: &&Arc<Lease>| !lease.is_lost() && lease.next_beat.load(Ordering::Acquire) <= now;
        lock(&self.held).values().filter(due).cloned().collect()
    }

    /// How long to sleep; until there is news, where nothing is to be done. Said under the lock, so that a claim sees it.
    fn next_look(&self, connected: bool) -> Option<Duration> {
        let held = lock(&self.held);
        let now = micros(self.clock.uptime());
        let retries = !connected || !self.left.is_empty();
        let look = if held.is_empty() && !retries {
            u64::MAX
        } else {
            let next = |lease: &Arc<Lease>| {
                let deadline = lease.deadline.load(Ordering::Acquire);
                if lease.is_lost() { deadline } else { lease.next_beat.load(Ordering::Acquire).min(deadline) }
            };
            // A beat that is on its way, or a body that is slow to end, is not worth a busy loop.
            let soonest = held.values().map(next).min().unwrap_or(u64::MAX).max(now + micros(SHORTEST_SLEEP));
            let retry = if retries { now + micros(RETRY) } else { u64::MAX };
            soonest.min(retry).min(now + micros(LONGEST_SLEEP))
        };
        self.looks_at.store(look, Ordering::Release);
        (look != u64::MAX).then(|| Duration::from_micros(look.saturating_sub(now)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
