//! The keeper: one operating-system thread a store, which sends the heartbeats of all running claims together and settles
//! what dropped calls left behind. It has an async runtime and a connection of its own, so that a caller's runtime starved
//! by blocking code does not lose its leases (LEASE-4).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Lease, micros};
use crate::claim::{ClaimRequest, CompleteRequest, FailRequest, RenewRequest, RenewVerdict};
use crate::clock::Clock;
use crate::events;
use crate::record::{Owner, State};
use crate::store::{Store, StoreError};

/// A keeper that has not ticked for so long is taken for stuck, and another is started before the next claim.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// While claims are held, the keeper looks at least so often; a claim with a shorter beat wakes it.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How long a store may take to open the keeper's connection or to answer it, unless the lease is shorter.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);

/// What a call leaves to the keeper when it is dropped.
#[derive(Debug, Clone)]
pub(crate) enum Settlement {
    /// The body returned, the completion was not answered yet.
    Complete(CompleteRequest),
    /// The claim is given up.
    Fail(FailRequest),
}

impl Settlement {
    fn claim(&self) -> &ClaimRequest {
        match self {
            Self::Complete(request) => &request.claim,
            Self::Fail(request) => &request.claim,
        }
    }
}

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
    held: Mutex<HashMap<Owner, Arc<Lease>>>,
    left: Mutex<Vec<(Settlement, u64)>>,
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
            left: Mutex::default(),
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
        let started = std::thread::Builder::new().name(name).spawn(move || thread.serve(next));
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
        lock(&self.shared.held).remove(owner);
    }

    /// Leaves a settlement to the keeper: a drop cannot await. Where it fails until the lease is over, the lease does it.
    pub(crate) fn settle(&self, settlement: Settlement) {
        let give_up = micros(self.shared.clock.uptime() + settlement.claim().lease);
        lock(&self.shared.left).push((settlement, give_up));
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
    fn tick(&self) {
        self.ticked_at.store(micros(self.clock.uptime()), Ordering::Release);
    }

    fn in_charge(&self, generation: u64) -> bool {
        self.generation.load(Ordering::Acquire) == generation
    }

    fn serve(&self, generation: u64) {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(self.keep(generation)),
            Err(error) => {
                events::keeper_failed(&error.to_string());
                self.generation.store(0, Ordering::Release);
            }
        }
    }

    async fn keep(&self, generation: u64) {
        let mut store = None;
        while self.in_charge(generation) {
            self.tick();
            self.looks_at.store(0, Ordering::Release);
            if store.is_none() {
                store = self.open().await;
            }
            if let Some(store) = &store {
                self.settle_left(store).await;
                self.beat(store).await;
            }
            let closed = self.closed.load(Ordering::Acquire);
            if closed && lock(&self.left).is_empty() {
                return;
            }
            match self.next_look(store.is_some()) {
                Some(sleep) => _ = tokio::time::timeout(sleep, self.news.notified()).await,
                None => self.news.notified().await,
            }
        }
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

    /// Sends what dropped calls left behind; keeps what was not answered for the next look.
    async fn settle_left(&self, store: &Arc<dyn Store>) {
        let left = std::mem::take(&mut *lock(&self.left));
        for (settlement, give_up) in left {
            let answered = tokio::time::timeout(LONGEST_ANSWER, settle(store, &settlement)).await;
            let again = matches!(&answered, Ok(Err(error)) if error.is_unavailable()) || answered.is_err();
            if again && micros(self.clock.uptime()) < give_up {
                lock(&self.left).push((settlement, give_up));
            } else if !matches!(answered, Ok(Ok(()))) {
                events::abandoned(&settlement.claim().key);
            }
        }
    }

    /// Renews all claims whose beat is due, together; wakes the bodies whose own deadline has passed.
    async fn beat(&self, store: &Arc<dyn Store>) {
        let now = micros(self.clock.uptime());
        let due: Vec<Arc<Lease>> = {
            let held = lock(&self.held);
            held.values().filter(|lease| lease.is_over(&*self.clock)).for_each(|lease| lease.wake());
            held.values()
                .filter(|lease| !lease.is_lost() && lease.next_beat.load(Ordering::Acquire) <= now)
                .cloned()
                .collect()
        };
        let Some(shortest) = due.iter().map(|lease| lease.claim.lease).min() else { return };
        let renew = |lease: &Arc<Lease>| {
            let claim = &lease.claim;
            RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: claim.lease }
        };
        let requests: Vec<_> = due.iter().map(renew).collect();
        let sent = self.clock.uptime();
        let answers = tokio::time::timeout(LONGEST_ANSWER.min(shortest / 3), store.renew(&requests)).await;
        let mut answers = answers.ok().and_then(Result::ok).unwrap_or_default().into_iter();
        for lease in due {
            match answers.next() {
                Some(Ok(RenewVerdict::Renewed)) => lease.renewed(sent),
                Some(Ok(RenewVerdict::LeaseLost(Some(State::Cancelled)))) => lease.cancel(),
                Some(Ok(RenewVerdict::LeaseLost(_))) => lease.lose(),
                Some(Err(_)) | None => {
                    lease.missed(sent);
                    events::beat_missed(&lease.claim.key);
                }
            }
        }
    }

    /// How long to sleep; until there is news, where nothing is held. Said under the lock, so that a claim sees it.
    fn next_look(&self, connected: bool) -> Option<Duration> {
        let held = lock(&self.held);
        let now = micros(self.clock.uptime());
        let retries = !connected || !lock(&self.left).is_empty();
        let look = if held.is_empty() && !retries {
            u64::MAX
        } else {
            let next = |lease: &Arc<Lease>| {
                let deadline = lease.deadline.load(Ordering::Acquire);
                if lease.is_lost() { deadline } else { lease.next_beat.load(Ordering::Acquire).min(deadline) }
            };
            // A beat that is due already, or a retry, is not worth a busy loop.
            let soonest = held.values().map(next).min().unwrap_or(u64::MAX).max(now + 5_000);
            let retry = if retries { now + 100_000 } else { u64::MAX };
            soonest.min(retry).min(now + micros(LONGEST_SLEEP))
        };
        self.looks_at.store(look, Ordering::Release);
        (look != u64::MAX).then(|| Duration::from_micros(look.saturating_sub(now)))
    }
}

async fn settle(store: &Arc<dyn Store>, settlement: &Settlement) -> Result<(), StoreError> {
    match settlement {
        Settlement::Complete(request) => store.complete(request).await.map(drop),
        Settlement::Fail(request) => store.fail(request).await.map(drop),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
