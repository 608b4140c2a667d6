//! The keeper: one operating-system thread a store, which sends the heartbeats of all running claims together and settles
//! what dropped calls left behind. It has an async runtime and a connection of its own, so that a caller's runtime starved
//! by blocking code does not lose its leases (LEASE-4).

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::leftovers::{Leftovers, Settlement};
use super::{Lease, micros, thread};
use crate::clock::Clock;
use crate::key::{Key, RandomBytesMap};
use crate::record::Owner;
use crate::store::{Store, StoreError};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, Notify};

/// A keeper that has not ticked for so long is taken for stuck, and another is started before the next claim.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// While claims are held, the keeper looks at least so often; a claim with a shorter beat wakes it.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
const SHORTEST_SLEEP: Duration = Duration::from_millis(5);

/// Where a keeper works.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Workplace {
    /// On an operating-system thread of its own.
    #[default]
    Thread,
    /// In the async runtime of the calls: for a test on one thread, whose time is virtual.
    #[cfg(any(test, feature = "testing"))]
    BesideTheCalls,
}

/// Sends heartbeats for the calls of one store.
#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    workplace: Workplace,
    process: u32,
}

/// What the calls and the thread share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    held: Mutex<RandomBytesMap<Owner, Arc<Lease>>>,
    pub(super) left: Leftovers,
    pub(super) news: Notify,
    /// When the thread looks again, in microseconds of uptime; `u64::MAX` while it waits for news.
    pub(super) looks_at: AtomicU64,
    ticked_at: AtomicU64,
    /// Which thread is in charge: a stuck one that comes back finds itself replaced. Zero: none was started.
    pub(super) generation: AtomicU64,
    pub(super) closed: AtomicBool,
}

impl Keeper {
    /// A keeper for `store`. Its thread starts with the first claim.
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, workplace: Workplace) -> Self {
        let shared = Shared {
            store,
            clock,
            held: Mutex::default(),
            left: Leftovers::default(),
            news: Notify::new(),
            looks_at: AtomicU64::new(u64::MAX),
            ticked_at: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), workplace, process: std::process::id() }
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
        shared.tick(shared.clock.uptime());
        shared.looks_at.store(0, Ordering::Release);
        let mine = Arc::clone(shared);
        let started = match self.workplace {
            Workplace::Thread => {
                let thread = std::thread::Builder::new().name("idem-keeper".to_owned());
                thread.spawn(move || thread::serve(&mine, next)).map(drop)
            }
            #[cfg(any(test, feature = "testing"))]
            Workplace::BesideTheCalls => {
                crate::sync::spawn(async move { thread::keep(&mine, next).await });
                Ok(())
            }
        };
        started.map_err(|error| {
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

    /// The keys of the claims that are held.
    pub(crate) fn held(&self) -> Vec<Key> {
        lock(&self.shared.held).values().map(|lease| lease.claim.key.clone()).collect()
    }

    /// The keys of what is left to the keeper and not answered yet.
    pub(crate) fn unsettled(&self) -> Vec<Key> {
        self.shared.left.keys()
    }

    /// Waits until nothing is left to the keeper.
    pub(crate) async fn settled(&self) {
        // Where its thread is stuck, another takes over; where there can be none, it stays unsettled.
        _ = self.ensure();
        self.shared.left.emptied().await;
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

impl Shared {
    /// The thread looks, at `now`.
    pub(super) fn tick(&self, now: Duration) {
        self.ticked_at.store(micros(now), Ordering::Release);
    }

    /// Wakes the bodies whose own deadline has passed, so that they are dropped.
    pub(super) fn wake_overdue(&self, now: Duration) {
        let now = micros(now);
        // Collected first: a task that is woken may end its call at once, which takes the lock.
        let overdue: Vec<_> = lock(&self.held).values().filter(|lease| lease.is_over_at(now)).cloned().collect();
        overdue.iter().for_each(|lease| lease.wake());
    }

    /// The claims whose beat is due.
    pub(super) fn due(&self, now: Duration) -> Vec<Arc<Lease>> {
        let now = micros(now);
        let due = |lease: &&Arc<Lease>| !lease.is_lost() && lease.next_beat.load(Ordering::Acquire) <= now;
        lock(&self.held).values().filter(due).cloned().collect()
    }

    /// How long to sleep; until there is news, where nothing is to be done. Said under the lock, so that a claim sees it.
    /// While the store is asked the thread looks now and then, which tells it from a stuck one.
    pub(super) fn next_look(&self, now: Duration, asking: bool) -> Option<Duration> {
        let idle = !asking && self.left.is_empty();
        let held = lock(&self.held);
        let now = micros(now);
        let look = if held.is_empty() && idle {
            u64::MAX
        } else {
            let next = |lease: &Arc<Lease>| {
                let deadline = lease.deadline.load(Ordering::Acquire);
                if lease.is_over_at(now) {
                    // Its body was woken, and ends when it can.
                    u64::MAX
                } else if asking {
                    // Beats that come due wait for the renewal, and its end is news.
                    deadline
                } else {
                    lease.next_beat.load(Ordering::Acquire).min(deadline)
                }
            };
            let soonest = held.values().map(next).min().unwrap_or(u64::MAX);
            soonest.clamp(now.saturating_add(micros(SHORTEST_SLEEP)), now.saturating_add(micros(LONGEST_SLEEP)))
        };
        self.looks_at.store(look, Ordering::Release);
        (look != u64::MAX).then(|| Duration::from_micros(look.saturating_sub(now)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
