//! A store that is right until a claim ends for the second time: no cell of the table goes that far.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idem_runtime::MemoryStore;
use idem_runtime::claim::*;
use idem_runtime::clock::{Clock, Timestamp};
use idem_runtime::key::Key;
use idem_runtime::policy::OnStale;
use idem_runtime::record::{Record, Status};
use idem_runtime::store::{Description, ListQuery, Store, StoreError, StoreFuture, SweepReport};

/// What it forgets once it takes an abandoned claim over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// To raise the fence, where an operator once said to try again.
    FenceAfterRetry,
    /// That the claim was to be parked, where its lease was revived before.
    ParkAfterRevival,
    /// The attempts, where a failure was remembered before.
    AttemptsAfterFailure,
    /// The same, every fourth time.
    AttemptsSometimes,
    /// Nothing; a renewal lasts longer than it was asked to.
    Generous(Duration),
    /// Nothing; it takes its time to grant a claim.
    Slow(Duration),
}

#[derive(Debug, Clone)]
pub struct Forgetful {
    store: MemoryStore,
    clock: Arc<dyn Clock>,
    fault: Option<Later>,
    marked: Arc<Mutex<HashSet<Key>>>,
    times: Arc<AtomicU32>,
}

impl Forgetful {
    pub fn new(fault: Option<Later>, clock: Arc<dyn Clock>) -> Self {
        let store = MemoryStore::builder().clock(Arc::clone(&clock)).build();
        Self { store, clock, fault, marked: Arc::default(), times: Arc::default() }
    }

    fn mark(&self, key: &Key) {
        self.marked.lock().unwrap().insert(key.clone());
    }

    fn is_marked(&self, key: &Key) -> bool {
        self.marked.lock().unwrap().contains(key)
    }

    async fn wait(&self) {
        if let Some(Later::Slow(time)) = self.fault {
            // tidy: allow sleep: the store is slow
            tokio::time::sleep(time).await;
        }
    }

    async fn stale(&self, key: &Key) -> Result<Option<Arc<Record>>, StoreError> {
        let now = self.clock.now();
        Ok(self.store.get(key).await?.filter(|record| record.status(now) == Status::Stale))
    }

    async fn forget_and_claim(&self, request: &ClaimRequest) -> Result<ClaimVerdict, StoreError> {
        self.wait().await;
        let key = &request.key;
        let stale = self.stale(key).await?.filter(|record| record.owner != request.owner && self.is_marked(key));
        let Some(stale) = stale else { return self.store.claim(request).await };
        let fourth_time = self.times.fetch_add(1, Ordering::Relaxed) % 4 == 3;
        match self.fault {
            Some(Later::ParkAfterRevival) => drop(self.store.tamper(key, |record| record.on_stale = OnStale::Rerun)),
            Some(Later::AttemptsAfterFailure) => drop(self.store.tamper(key, |record| record.attempt = 0)),
            Some(Later::AttemptsSometimes) if fourth_time => drop(self.store.tamper(key, |record| record.attempt = 0)),
            _ => {}
        }
        let mut verdict = self.store.claim(request).await?;
        if let (Some(Later::FenceAfterRetry), ClaimVerdict::Claimed(claimed)) = (self.fault, &mut verdict) {
            claimed.fence = stale.fence;
            self.store.tamper(key, |record| record.fence = stale.fence);
        }
        Ok(verdict)
    }
}

impl Store for Forgetful {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        Box::pin(self.forget_and_claim(request))
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        Box::pin(async move {
            for request in requests {
                let stale = self.stale(&request.key).await?;
                if self.fault == Some(Later::ParkAfterRevival)
                    && stale.is_some_and(|stale| stale.owner == request.owner)
                {
                    self.mark(&request.key);
                }
            }
            let answers = self.store.renew(requests).await;
            if let Some(Later::Generous(more)) = self.fault {
                for request in requests {
                    self.store
                        .tamper(&request.key, |record| record.lease_until = record.lease_until.map(|end| end + more));
                }
            }
            answers
        })
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        let remembers = matches!(self.fault, Some(Later::AttemptsAfterFailure | Later::AttemptsSometimes));
        if remembers && matches!(request.how, Failure::Store(_)) {
            self.mark(&request.claim.key);
        }
        self.store.fail(request)
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        Box::pin(async move {
            let verdict = self.store.resolve(key, request).await?;
            let again = matches!((request, verdict), (ResolveRequest::Retry, ResolveVerdict::Resolved(_)));
            if again && self.fault == Some(Later::FenceAfterRetry) {
                self.mark(key);
            }
            Ok(verdict)
        })
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        self.store.get(key)
    }

    fn now<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Timestamp> {
        self.store.now(key)
    }

    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
        self.store.admit(request)
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        self.store.complete(request)
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        self.store.cancel(request)
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        self.store.clear(key, force)
    }

    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
        self.store.list(query)
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport> {
        self.store.sweep(limit)
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        self.store.describe()
    }

    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        let keeper = self.clone();
        Box::pin(async move { Ok(Arc::new(keeper) as Arc<dyn Store>) })
    }
}
