//! A cache in front of a durable store: the durable store decides, the cache answers duplicates of completed calls.

mod cache;
mod clock;
mod fuse;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::cache::Cache;
use self::clock::DurableClock;
use self::fuse::Fuse;
use super::within::{TxConnection, Within};
use super::{Description, IntoStore, ListQuery, Setting, Store, StoreError, StoreFuture, SweepReport};
use crate::claim::{
    AdmitRequest, AdmitVerdict, CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, ClearVerdict,
    CompleteRequest, CompleteVerdict, FailRequest, FailVerdict, RenewRequest, RenewVerdict, ResolveRequest,
    ResolveVerdict,
};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::key::Key;
use crate::policy::spelled;
use crate::record::{Record, State};
use crate::transition;

/// How long a copy may answer after its record was cleared, at the worst: shorter than anybody waits to see what a
/// clearing did, long enough for the redeliveries that come in a burst.
const LIFE: Duration = Duration::from_secs(30);

/// Longer than a healthy cache takes, shorter than is noticed.
const PATIENCE: Duration = Duration::from_millis(100);

/// A [`Cache`] in front of a durable [`Store`].
///
/// The durable store decides: claims, renewals, completions and everything else go there. The cache holds copies of
/// completed records for a short time ([`cache_life`](TieredStoreBuilder::cache_life)), and answers duplicates of them.
/// Where it has none, fails or does not answer in time, the durable store is asked: slower, never wrong. After a failure it
/// is left alone for a second.
///
/// What is not promised: a copy that the cache puts back (a restored snapshot, a write that arrives late) may answer
/// for a record that was cleared meanwhile, for the cache's life at most.
///
/// ```no_run
/// # use idem_runtime as idem;
/// # #[cfg(all(feature = "redis", feature = "postgres"))]
/// # async fn example() -> Result<(), idem::StoreError> {
/// use idem::{PostgresStore, RedisStore, TieredStore};
/// let cache = RedisStore::connect("redis://127.0.0.1/").await?;
/// let durable = PostgresStore::connect("postgres://localhost/app").await?;
/// let store = TieredStore::new(cache, durable);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TieredStore {
    inner: Arc<Inner>,
}

struct Inner {
    cache: Box<dyn Cache>,
    durable: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    life: Duration,
    patience: Duration,
    fuse: Fuse,
    durable_clock: DurableClock,
}

/// Settings of a [`TieredStore`].
#[derive(Debug)]
#[must_use]
pub struct TieredStoreBuilder {
    cache: Box<dyn Cache>,
    durable: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    life: Duration,
    patience: Duration,
}

impl TieredStoreBuilder {
    /// How long a copy is kept at the most, and so how long a cleared record may go on being answered at the worst; default
    /// 30 seconds. It never outlives the record's own retention.
    pub fn cache_life(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    /// How long the cache is waited for; default 100 ms.
    pub fn cache_timeout(mut self, timeout: Duration) -> Self {
        self.patience = timeout;
        self
    }

    /// The clock by which the cache is left alone after a failure and retention is measured; only its uptime is read.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The store.
    pub fn build(self) -> TieredStore {
        let Self { cache, durable, clock, life, patience } = self;
        let (fuse, durable_clock) = (Fuse::default(), DurableClock::default());
        TieredStore { inner: Arc::new(Inner { cache, durable, clock, life, patience, fuse, durable_clock }) }
    }
}

impl TieredStore {
    /// This cache in front of this store, with the default settings.
    pub fn new(cache: impl Cache, durable: impl IntoStore) -> Self {
        Self::builder(cache, durable).build()
    }

    /// A store with settings of its own.
    pub fn builder(cache: impl Cache, durable: impl IntoStore) -> TieredStoreBuilder {
        TieredStoreBuilder {
            cache: Box::new(cache),
            durable: durable.into_store(),
            clock: Arc::new(SystemClock),
            life: LIFE,
            patience: PATIENCE,
        }
    }
}

impl fmt::Debug for TieredStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { cache, durable, .. } = &*self.inner;
        f.debug_struct("TieredStore").field("cache", cache).field("durable", durable).finish_non_exhaustive()
    }
}

impl Inner {
    async fn claim(&self, request: &ClaimRequest) -> Result<ClaimVerdict, StoreError> {
        if let Some(verdict) = self.cached(request).await {
            return Ok(verdict);
        }
        let sent = self.clock.uptime();
        let verdict = self.durable.claim(request).await?;
        match &verdict {
            // Less than the whole lease is left of a claim that was granted to an earlier sending.
            ClaimVerdict::Claimed(claimed) if claimed.lease_left >= request.lease => {
                self.durable_clock.seen(claimed.at, sent);
            }
            ClaimVerdict::Completed(record) => self.copy(record).await,
            _ => {}
        }
        Ok(verdict)
    }

    /// A copy of an earlier life would answer the delivery, and leave the key pending.
    async fn admit(&self, request: &AdmitRequest) -> Result<AdmitVerdict, StoreError> {
        let verdict = self.durable.admit(request).await?;
        if matches!(verdict, AdmitVerdict::Admitted) {
            _ = self.ask(self.cache.remove(&request.key)).await;
        }
        Ok(verdict)
    }

    async fn complete(&self, request: &CompleteRequest) -> Result<CompleteVerdict, StoreError> {
        let verdict = self.durable.complete(request).await?;
        if let CompleteVerdict::Completed { record, .. } = &verdict {
            self.copy(record).await;
        }
        Ok(verdict)
    }

    /// What the copy answers: the record's result, or that it is known with other arguments.
    async fn cached(&self, request: &ClaimRequest) -> Option<ClaimVerdict> {
        let copy = self.ask(self.cache.get(&request.key)).await??;
        let of_it = copy.key.digest() == request.key.digest() && copy.state == State::Completed;
        // It ends its life in the cache before the record ends its own, so it is judged as of its completion.
        let at = copy.completed_at.filter(|_| of_it)?;
        let verdict = transition::claim(Some(&copy), request, at).verdict;
        // Whatever a damaged copy would make of it, a cache grants nothing.
        matches!(verdict, ClaimVerdict::Completed(_) | ClaimVerdict::Mismatch { .. }).then_some(verdict)
    }

    /// Copies a completed record for what is left of its retention, the cache's life at the most.
    async fn copy(&self, record: &Arc<Record>) {
        let Some(now) = self.durable_clock.at_most(self.clock.uptime()) else { return };
        let left = record.expires_at.map_or(self.life, |end| end.since(now).min(self.life));
        if !left.is_zero() {
            _ = self.ask(self.cache.put(record, left)).await;
        }
    }

    /// Asks the cache, unless it failed a moment ago.
    async fn ask<T>(&self, asked: StoreFuture<'_, T>) -> Option<T> {
        if !self.fuse.holds(self.clock.uptime()) {
            return None;
        }
        let answer = self.bounded(asked).await;
        if answer.is_err() {
            self.fuse.blow(self.clock.uptime());
        }
        answer.ok()
    }

    async fn bounded<T>(&self, asked: StoreFuture<'_, T>) -> Result<T, String> {
        match tokio::time::timeout(self.patience, asked).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {}", spelled(self.patience))),
        }
    }

    /// Carries out what makes a completed record another one. The copy is removed before and after: before, so that no
    /// answer of it comes once the durable store has changed; after, for what was copied in between.
    async fn forgetting<T>(&self, key: &Key, change: StoreFuture<'_, T>) -> Result<T, StoreError> {
        _ = self.bounded(self.cache.remove(key)).await;
        let verdict = change.await?;
        self.bounded(self.cache.remove(key)).await.map_err(|reason| StoreError::Unavailable {
            store: "the cache of the tiered store".into(),
            reason: format!(
                "{reason}; it is done in the durable store, and the cache may answer the old result for up to {}: do it again to be sure",
                spelled(self.life)
            ),
        })?;
        Ok(verdict)
    }

    async fn describe(&self) -> Result<Description, StoreError> {
        let durable = self.durable.describe().await?;
        let cache = match self.bounded(self.cache.describe()).await {
            Ok(cache) => format!("{} at {}", cache.kind, cache.location),
            Err(reason) => format!("does not answer: {reason}"),
        };
        let mut settings = vec![
            Setting { name: "cache".into(), value: cache, harm: None },
            Setting { name: "cache_life".into(), value: spelled(self.life), harm: None },
        ];
        settings.extend(durable.settings);
        Ok(Description { kind: format!("tiered, {}", durable.kind), settings, ..durable })
    }
}

impl Store for TieredStore {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        Box::pin(self.inner.claim(request))
    }

    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
        Box::pin(self.inner.admit(request))
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        self.inner.durable.renew(requests)
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(self.inner.complete(request))
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        self.inner.durable.fail(request)
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        Box::pin(self.inner.forgetting(&request.key, self.inner.durable.cancel(request)))
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        Box::pin(self.inner.forgetting(key, self.inner.durable.clear(key, force)))
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        Box::pin(self.inner.forgetting(key, self.inner.durable.resolve(key, request)))
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        self.inner.durable.get(key)
    }

    fn now<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Timestamp> {
        self.inner.durable.now(key)
    }

    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
        self.inner.durable.list(query)
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport> {
        self.inner.durable.sweep(limit)
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        Box::pin(self.inner.describe())
    }

    /// The durable store's. What is completed in a transaction is copied by its first duplicate, once it is committed.
    fn within<'a>(&'a self, connection: TxConnection<'a>) -> Result<Box<dyn Within + 'a>, TxConnection<'a>> {
        self.inner.durable.within(connection)
    }

    fn transactions(&self) -> Option<&'static str> {
        self.inner.durable.transactions()
    }

    /// The durable store's: renewals and late completions go there, and need no copy.
    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        self.inner.durable.keeper()
    }
}
