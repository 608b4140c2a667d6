//! Records in this process: [`transition`](crate::transition) under sharded locks.

#[cfg(any(test, feature = "testing"))]
mod replace;

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::replace::Replacement;
use super::{Description, Durability, ListQuery, Store, StoreError, StoreFuture, SweepReport};
use crate::claim::{
    AdmitRequest, AdmitVerdict, CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, ClearVerdict,
    CompleteRequest, CompleteVerdict, FailRequest, FailVerdict, RenewRequest, RenewVerdict, ResolveRequest,
    ResolveVerdict,
};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::key::{Key, RandomBytesMap};
use crate::record::{Record, Status};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};
use crate::transition::{self, Change, Step};

/// Enough that a few dozen threads seldom meet; a power of two, so that a digest's first byte chooses.
const SHARDS: usize = 64;

/// A shard smaller than this is not worth a look for expired records.
const SMALLEST_SWEEP: usize = 64;

/// A full store looks through all its records no more often than this: it may hold millions, and nothing may be over.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Records in memory: gone with the process, seen by this process alone. Clones share the records.
///
/// Bounded: at its limit a new key is refused ([`StoreError::Full`]), never an old one evicted. Expired records are
/// removed as the store grows, without a sweeper.
///
/// ```
/// # use idem_runtime as idem;
/// use idem::MemoryStore;
/// let store = MemoryStore::new();
/// let small = MemoryStore::builder().max_records(10_000).build();
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    inner: Arc<Inner>,
}

struct Inner {
    shards: Vec<Mutex<Shard>>,
    len: AtomicUsize,
    max_records: usize,
    clock: Arc<dyn Clock>,
    /// Where the next sweep begins: where the last one used up its limit.
    sweep_from: AtomicUsize,
    /// When all shards were last swept because the store was full, in uptime.
    made_room: Mutex<Option<Duration>>,
}

#[derive(Default)]
struct Shard {
    records: RandomBytesMap<[u8; 32], Arc<Record>>,
    sweep_at: usize,
}

/// Settings of a [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryStoreBuilder {
    max_records: usize,
    clock: Arc<dyn Clock>,
}

impl MemoryStoreBuilder {
    /// How many records the store may hold; default 4,000,000, about 2 GB of records without results.
    pub fn max_records(mut self, max: usize) -> Self {
        self.max_records = max;
        self
    }

    /// The clock that records live by; default the machine's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The store.
    pub fn build(self) -> MemoryStore {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let (max_records, clock) = (self.max_records, self.clock);
        MemoryStore {
            inner: Arc::new(Inner {
                shards,
                len: AtomicUsize::new(0),
                max_records,
                clock,
                sweep_from: AtomicUsize::new(0),
                made_room: Mutex::default(),
            }),
        }
    }
}

impl MemoryStore {
    /// An empty store with the default limit.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A store with settings of its own.
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder { max_records: 4_000_000, clock: Arc::new(SystemClock) }
    }

    /// How many records it holds, expired ones that were not yet removed included.
    pub fn len(&self) -> usize {
        self.inner.len.load(Ordering::Relaxed)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Does to a record what no operation does; `false` where the key has none. For tests of what life can do.
    #[cfg(any(test, feature = "testing"))]
    pub fn tamper(&self, key: &Key, change: impl FnOnce(&mut Record)) -> bool {
        let mut shard = self.shard(key.digest());
        let record = shard.records.get_mut(key.digest());
        record.map(|record| change(Arc::make_mut(record))).is_some()
    }

    fn shard(&self, digest: &[u8; 32]) -> MutexGuard<'_, Shard> {
        let [first, ..] = digest;
        lock(&self.inner.shards[usize::from(*first) % SHARDS])
    }

    /// Reads, decides, writes: the whole of the store.
    fn step<V>(&self, key: &Key, decide: impl Fn(Option<&Record>, Timestamp) -> Step<V>) -> Result<V, StoreError> {
        match self.step_if_room(key, &decide) {
            None if self.make_room() => self.step_if_room(key, &decide),
            answer => answer,
        }
        .ok_or_else(|| {
            let reason = format!("{} records", self.inner.max_records);
            StoreError::Full { store: "the memory store".into(), reason }
        })
    }

    /// `None` where a new record has no room.
    fn step_if_room<V>(&self, key: &Key, decide: &impl Fn(Option<&Record>, Timestamp) -> Step<V>) -> Option<V> {
        let now = self.inner.clock.now();
        let mut shard = self.shard(key.digest());
        let before = shard.records.get(key.digest());
        let Step { change, verdict } = decide(before.map(Arc::as_ref), now);
        if let Change::Put(record) = change {
            if before.is_none() && !self.counts_one_more(&mut shard, now) {
                return None;
            }
            shard.records.insert(*key.digest(), record);
        }
        Some(verdict)
    }

    fn counts_one_more(&self, shard: &mut Shard, now: Timestamp) -> bool {
        let len = &self.inner.len;
        if shard.records.len() >= shard.sweep_at.max(SMALLEST_SWEEP) {
            let removed = shard.remove_expired(now, usize::MAX);
            len.fetch_sub(removed, Ordering::Relaxed);
            shard.sweep_at = shard.records.len() * 2;
        }
        let fits = len.fetch_add(1, Ordering::Relaxed) < self.inner.max_records;
        if !fits {
            len.fetch_sub(1, Ordering::Relaxed);
        }
        fits
    }

    /// The store is full: removes what is over, in all shards. Whether there is room now.
    fn make_room(&self) -> bool {
        let mut last = lock(&self.inner.made_room);
        let uptime = self.inner.clock.uptime();
        if last.is_none_or(|last| uptime >= last + BETWEEN_LOOKS) {
            *last = Some(uptime);
            let now = self.inner.clock.now();
            for shard in &self.inner.shards {
                let removed = lock(shard).remove_expired(now, usize::MAX);
                self.inner.len.fetch_sub(removed, Ordering::Relaxed);
            }
        }
        self.len() < self.inner.max_records
    }
}

impl Shard {
    /// Looks no further once the limit is used up.
    fn remove_expired(&mut self, now: Timestamp, limit: usize) -> usize {
        let over = self.records.extract_if(|_, record| record.status(now) == Status::Absent);
        let removed = over.take(limit).count();
        if self.records.len() * 4 < self.records.capacity() {
            self.records.shrink_to(self.records.len() * 2);
        }
        removed
    }
}

/// A panic cannot leave a shard half written: records are replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("records", &self.len()).finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        Box::pin(async move { self.step(&request.key, |record, now| transition::claim(record, request, now)) })
    }

    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
        Box::pin(async move { self.step(&request.key, |record, now| transition::admit(record, request, now)) })
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        let renew =
            |request: &RenewRequest| self.step(&request.key, |record, now| transition::renew(record, request, now));
        Box::pin(async move { Ok(requests.iter().map(renew).collect()) })
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(async move { self.step(&request.claim.key, |record, now| transition::complete(record, request, now)) })
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        Box::pin(async move { self.step(&request.claim.key, |record, now| transition::fail(record, request, now)) })
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        Box::pin(async move { self.step(&request.key, |record, now| transition::cancel(record, request, now)) })
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        Box::pin(async move { self.step(key, |record, now| transition::clear(record, force, now)) })
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        Box::pin(async move { self.step(key, |record, now| transition::resolve(record, request, now)) })
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        Box::pin(async move {
            let now = self.inner.clock.now();
            let shard = self.shard(key.digest());
            Ok(shard.records.get(key.digest()).filter(|record| record.status(now) != Status::Absent).cloned())
        })
    }

    fn now<'a>(&'a self, _key: &'a Key) -> StoreFuture<'a, Timestamp> {
        Box::pin(async move { Ok(self.inner.clock.now()) })
    }

    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
        Box::pin(async move {
            let now = self.inner.clock.now();
            let mut found = Vec::new();
            for shard in &self.inner.shards {
                let shard = lock(shard);
                let live = shard.records.values().filter(|record| record.status(now) != Status::Absent);
                found.extend(live.filter(|record| query.takes(record)).cloned());
            }
            found.sort_by(|a, b| a.key.digest().cmp(b.key.digest()));
            found.truncate(query.page());
            Ok(found)
        })
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport> {
        Box::pin(async move {
            let now = self.inner.clock.now();
            let mut report = SweepReport::default();
            let mut left = limit;
            let from = self.inner.sweep_from.load(Ordering::Relaxed);
            for at in (from..from + SHARDS).map(|at| at % SHARDS) {
                // Used up: the next sweep goes on here, so that many of them together look at each record about once.
                if left == 0 {
                    self.inner.sweep_from.store(at, Ordering::Relaxed);
                    break;
                }
                let mut shard = lock(&self.inner.shards[at]);
                let removed = shard.remove_expired(now, left);
                left -= removed;
                self.inner.len.fetch_sub(removed, Ordering::Relaxed);
                report.removed += removed as u64;
                let stale = shard.records.values().filter(|record| record.status(now) == Status::Stale);
                report.stale.extend(stale.map(|record| record.key.clone()));
            }
            Ok(report)
        })
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        let description = Description {
            kind: "memory".into(),
            version: None,
            location: "this process".into(),
            durability: Durability::Process,
            settings: Vec::new(),
        };
        Box::pin(async move { Ok(description) })
    }

    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        let keeper: Arc<dyn Store> = Arc::new(self.clone());
        Box::pin(async move { Ok(keeper) })
    }
}
