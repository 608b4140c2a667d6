//! Records in memory behind a way there and a way back, on which a request may be given up, or lost.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};

use shuttle::future::yield_now;
use shuttle::rand::{Rng, thread_rng};

use super::clock;
use crate::claim::{
    AdmitRequest, AdmitVerdict, CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, ClearVerdict,
    CompleteRequest, CompleteVerdict, FailRequest, FailVerdict, RenewRequest, RenewVerdict, ResolveRequest,
    ResolveVerdict,
};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{Record, State};
use crate::store::memory::MemoryStore;
use crate::store::{Description, ListQuery, Store, StoreError, StoreFuture, SweepReport};

#[derive(Debug, Clone)]
pub(crate) struct Remote {
    records: MemoryStore,
    /// What is sent over this handle is never answered, nor heard.
    hangs: bool,
    /// There is no way: an answer is there at once.
    is_near: bool,
    /// The standard library's, so that nobody goes on in between.
    seen: Arc<Mutex<Seen>>,
}

/// What went over the ways.
#[derive(Debug, Default)]
struct Seen {
    /// How many requests or answers may still be lost.
    losses: u32,
    /// How many of the keeper's connections are opened, and how many of them, of the first, hang.
    connections: u32,
    hanging: u32,
    renewals: usize,
    completed: usize,
    settled: Vec<Key>,
}

impl Remote {
    pub(crate) fn new() -> Self {
        Self {
            records: MemoryStore::builder().clock(clock()).build(),
            hangs: false,
            is_near: false,
            seen: Arc::default(),
        }
    }

    /// Nothing is under way when the machine stops.
    pub(crate) fn near(self) -> Self {
        Self { is_near: true, ..self }
    }

    /// At most so many requests or answers are lost.
    pub(crate) fn loses(self, losses: u32) -> Self {
        self.with(|seen| seen.losses = losses);
        self
    }

    /// What is sent over the keeper's first connection is never answered.
    pub(crate) fn hangs_first(self) -> Self {
        self.with(|seen| seen.hanging = 1);
        self
    }

    pub(crate) fn connections(&self) -> u32 {
        self.with(|seen| seen.connections)
    }

    /// How many claims the store said it renewed.
    pub(crate) fn renewals(&self) -> usize {
        self.with(|seen| seen.renewals)
    }

    /// How many claims were completed. One that is sent again is the same.
    pub(crate) fn completed(&self) -> usize {
        self.with(|seen| seen.completed)
    }

    /// Whether a claim of this key was ended without a result.
    pub(crate) fn settled(&self, key: &Key) -> bool {
        self.with(|seen| seen.settled.contains(key))
    }

    pub(crate) async fn record(&self, key: &Key) -> Option<Arc<Record>> {
        self.records.get(key).await.unwrap()
    }

    pub(crate) async fn state(&self, key: &Key) -> Option<State> {
        self.record(key).await.map(|record| record.state)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn loses_one(&self) -> bool {
        self.with(|seen| {
            let lost = seen.losses > 0 && thread_rng().gen_ratio(1, 3);
            seen.losses -= u32::from(lost);
            lost
        })
    }

    /// There, and back with the answer.
    fn trip<'a, T>(&'a self, request: impl FnOnce() -> StoreFuture<'a, T> + Send + 'a) -> StoreFuture<'a, T>
    where
        T: Send + 'a,
    {
        Box::pin(async move {
            if self.hangs {
                pending::<()>().await;
            }
            if self.is_near {
                return request().await;
            }
            yield_now().await;
            if self.loses_one() {
                return Err(lost());
            }
            let answer = request().await;
            yield_now().await;
            if self.loses_one() { Err(lost()) } else { answer }
        })
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable { store: "a store far away".into(), reason: "the answer is lost".into() }
}

impl Store for Remote {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        self.trip(|| self.records.claim(request))
    }

    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
        self.trip(|| self.records.admit(request))
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        self.trip(move || {
            Box::pin(async move {
                let answers = self.records.renew(requests).await?;
                let renewed = answers.iter().filter(|answer| matches!(answer, Ok(RenewVerdict::Renewed))).count();
                self.with(|seen| seen.renewals += renewed);
                Ok(answers)
            })
        })
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        self.trip(move || {
            Box::pin(async move {
                let before = self.state(&request.claim.key).await;
                let answer = self.records.complete(request).await?;
                let first = before != Some(State::Completed) && matches!(answer, CompleteVerdict::Completed { .. });
                self.with(|seen| seen.completed += usize::from(first));
                Ok(answer)
            })
        })
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        self.trip(move || {
            Box::pin(async move {
                let answer = self.records.fail(request).await?;
                self.with(|seen| seen.settled.push(request.claim.key.clone()));
                Ok(answer)
            })
        })
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        self.trip(|| self.records.cancel(request))
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        self.trip(move || self.records.clear(key, force))
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        self.trip(|| self.records.resolve(key, request))
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        self.trip(|| self.records.get(key))
    }

    fn now<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Timestamp> {
        self.trip(|| Store::now(&self.records, key))
    }

    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
        self.trip(|| self.records.list(query))
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport> {
        self.trip(move || self.records.sweep(limit))
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        self.trip(|| self.records.describe())
    }

    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        self.trip(move || {
            let hangs = self.with(|seen| {
                seen.connections += 1;
                seen.connections <= seen.hanging
            });
            let opened: Arc<dyn Store> = Arc::new(Self { hangs, ..self.clone() });
            Box::pin(async move { Ok(opened) })
        })
    }
}
