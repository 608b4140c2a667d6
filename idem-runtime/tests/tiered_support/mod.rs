//! A cache that does as it is told, and requests to store through it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, ClaimVerdict, CompleteRequest, CompleteVerdict};
use idem_runtime::clock::{Clock, Timestamp};
use idem_runtime::key::{KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Owner, StoredResult};
use idem_runtime::store::{Description, Durability, StoreFuture};
use idem_runtime::testing::ManualClock;
use idem_runtime::{Cache, Key, Record, Store, StoreError};

/// What a cache does with what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// It takes everything and keeps nothing.
    Forgetful,
    /// It fails at once.
    Away,
    /// It never answers.
    Silent,
    FailsButRemoves,
    SilentButRemoves,
}

#[derive(Debug, Clone)]
pub struct TestCache(Arc<Inner>);

/// Each with the end of its life.
type Copies = HashMap<[u8; 32], (Arc<Record>, Timestamp)>;

#[derive(Debug)]
struct Inner {
    clock: ManualClock,
    mood: Mutex<Mood>,
    copies: Mutex<Copies>,
    asked: AtomicU64,
}

impl TestCache {
    pub fn new(clock: &ManualClock) -> Self {
        let mood = Mutex::new(Mood::Well);
        Self(Arc::new(Inner { clock: clock.clone(), mood, copies: Mutex::default(), asked: AtomicU64::new(0) }))
    }

    pub fn be(&self, mood: Mood) {
        *self.0.mood.lock().unwrap() = mood;
    }

    pub fn flush(&self) {
        self.0.copies.lock().unwrap().clear();
    }

    pub fn len(&self) -> usize {
        self.0.copies.lock().unwrap().len()
    }

    /// How often it was asked for anything.
    pub fn asked(&self) -> u64 {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// As only a damaged cache has it.
    pub fn put_under(&self, key: &Key, record: &Arc<Record>) {
        let end = self.0.clock.now() + Duration::from_secs(60);
        self.0.copies.lock().unwrap().insert(*key.digest(), (Arc::clone(record), end));
    }

    fn asks<'a, T: Send + 'a>(
        &'a self,
        removes: bool,
        forgotten: T,
        act: impl FnOnce(&Inner) -> T + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            self.0.asked.fetch_add(1, Ordering::Relaxed);
            let mood = *self.0.mood.lock().unwrap();
            match mood {
                Mood::Well => Ok(act(&self.0)),
                Mood::Forgetful => Ok(forgotten),
                Mood::FailsButRemoves | Mood::SilentButRemoves if removes => Ok(act(&self.0)),
                Mood::Away | Mood::FailsButRemoves => {
                    Err(StoreError::Unavailable { store: "the cache".into(), reason: "it is away".into() })
                }
                Mood::Silent | Mood::SilentButRemoves => std::future::pending().await,
            }
        })
    }
}

impl Cache for TestCache {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        self.asks(false, None, |inner| {
            let copies = inner.copies.lock().unwrap();
            let (record, end) = copies.get(key.digest())?;
            (inner.clock.now() < *end).then(|| Arc::clone(record))
        })
    }

    fn put<'a>(&'a self, record: &'a Arc<Record>, life: Duration) -> StoreFuture<'a, ()> {
        self.asks(false, (), move |inner| {
            let copy = (Arc::clone(record), inner.clock.now() + life);
            inner.copies.lock().unwrap().insert(*record.key.digest(), copy);
        })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, ()> {
        self.asks(true, (), |inner| drop(inner.copies.lock().unwrap().remove(key.digest())))
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        let (kind, location) = ("test".to_owned(), "nowhere".to_owned());
        let description =
            Description { kind, version: None, location, durability: Durability::Process, settings: Vec::new() };
        self.asks(false, description.clone(), |_| description)
    }
}

/// A claim of the key of that number, by a new owner.
pub fn claim(number: u64) -> ClaimRequest {
    let mut writer = KeyWriter::new();
    writer.arg("number", &number).unwrap();
    let task = TaskIdent::new("tiered", NonZeroU32::MIN);
    request(writer.finish(&KeySpace::new("test"), &task).unwrap())
}

fn request(key: Key) -> ClaimRequest {
    ClaimRequest {
        key,
        owner: Owner::random(),
        lease: Duration::from_secs(30),
        fingerprint: None,
        holder: Arc::default(),
        on_stale: OnStale::Rerun,
        max_attempts: None,
        grace: Retention::For(Duration::ZERO),
    }
}

/// Two claims of one explicit key.
pub fn same_key_other_arguments() -> [ClaimRequest; 2] {
    [1_u64, 2].map(|amount| {
        let mut writer = KeyWriter::new();
        writer.arg("amount", &amount).unwrap();
        let task = TaskIdent::new("tiered", NonZeroU32::MIN);
        let (key, fingerprint) = writer.finish_explicit(&KeySpace::new("test"), &task, "order-7").unwrap();
        ClaimRequest { fingerprint: Some(fingerprint), ..request(key) }
    })
}

/// Completes a claim that is held.
pub async fn done(store: &dyn Store, claim: &ClaimRequest, retention: Duration) -> Arc<Record> {
    let record = store.get(&claim.key).await.unwrap().unwrap();
    let request = CompleteRequest {
        claim: Arc::new(claim.clone()),
        fence: record.fence,
        attempt: record.attempt,
        result: StoredResult::Envelope(Arc::from(*b"result")),
        retention: Retention::For(retention),
        may_restore: false,
    };
    match store.complete(&request).await.unwrap() {
        CompleteVerdict::Completed { record, .. } => record,
        lost => panic!("{lost:?}"),
    }
}

/// Claims and completes.
pub async fn complete(store: &dyn Store, claim: &ClaimRequest, retention: Duration) -> Arc<Record> {
    assert!(matches!(store.claim(claim).await, Ok(ClaimVerdict::Claimed(_))));
    done(store, claim, retention).await
}

/// A completed record of the key of that number.
pub async fn completed(store: &dyn Store, number: u64) -> Arc<Record> {
    complete(store, &claim(number), Duration::from_secs(3_600)).await
}
