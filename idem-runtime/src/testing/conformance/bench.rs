//! What a check works on: a store, keys and workers of its own, and the steps taken so far.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::brief::Brief;
use super::fixture::{Fixture, Tamper, TooLong};
use super::worker::Worker;
use crate::claim::{CancelRequest, CancelVerdict, ClaimRequest, ClearVerdict, ResolveRequest, ResolveVerdict};
use crate::key::{Fingerprint, Key, KeyError, KeySpace, KeyWriter, TaskIdent};
use crate::policy::{OnStale, Retention};
use crate::record::{Holder, Owner, Record};
use crate::store::{ListQuery, Store, StoreError, StoreFuture, SweepReport};

/// Why a check ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The store breaks the promise.
    Failed(String),
    /// It cannot be asked of this store.
    Skipped(String),
    /// A deadline was too near to say what the answer should have been.
    Unclear(String),
}

/// How a check ends.
pub(super) type Checked<T = ()> = Result<T, Stop>;

impl Stop {
    /// Something else was found than expected.
    pub(super) fn found(found: &dyn Brief, expected: &str) -> Self {
        Self::Failed(format!("found {}, expected {expected}", found.brief()))
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(format!("the store answered an error: {error}"))
    }
}

impl From<KeyError> for Stop {
    fn from(error: KeyError) -> Self {
        Self::Failed(format!("the check's own key was refused: {error}"))
    }
}

impl From<TooLong> for Stop {
    fn from(TooLong(time): TooLong) -> Self {
        Self::Skipped(format!("{} would really have to pass", humantime::format_duration(time)))
    }
}

/// Says what was found where it does not match the pattern.
macro_rules! want {
    ($found:expr, $pattern:pat $(if $guard:expr)?) => {
        match $found {
            $pattern $(if $guard)? => {}
            found => return Err(Stop::found(&found, stringify!($pattern $(if $guard)?))),
        }
    };
}

/// Says what was expected where the condition does not hold.
macro_rules! hold {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(Stop::Failed(format!($($message)+)));
        }
    };
}

pub(super) use {hold, want};

/// The bench of one check.
#[derive(Debug)]
pub(super) struct Bench {
    shared: Arc<Shared>,
    steps: Mutex<Vec<String>>,
}

#[derive(Debug)]
struct Shared {
    fixture: Fixture,
    space: KeySpace,
    task: TaskIdent,
    keys: AtomicU64,
    owners: AtomicU64,
}

/// Enough to see what went wrong; the last ones matter.
const MOST_STEPS: usize = 60;

impl Bench {
    pub(super) fn new(check: &str, fixture: Fixture) -> Self {
        let (space, task) = (KeySpace::new("conformance"), TaskIdent::new(check, NonZeroU32::MIN));
        let (keys, owners) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { shared: Arc::new(Shared { fixture, space, task, keys, owners }), steps: Mutex::default() }
    }

    /// The same store, keys and owners, and steps of its own: for what is done beside others.
    pub(super) fn aside(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), steps: Mutex::default() }
    }

    /// The first handle.
    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.shared.fixture.store
    }

    /// The second handle on the same records.
    pub(super) fn other(&self) -> &Arc<dyn Store> {
        &self.shared.fixture.other
    }

    pub(super) fn fixture(&self) -> &Fixture {
        &self.shared.fixture
    }

    /// The lease that claims are made for.
    pub(super) fn lease(&self) -> Duration {
        self.shared.fixture.lease
    }

    /// A key that was never used.
    pub(super) fn key(&self) -> Checked<Key> {
        Ok(self.numbered_key()?.0)
    }

    /// A key that was never used, and the fingerprint of these arguments beside it.
    pub(super) fn key_with(&self, argument: &str) -> Checked<(Key, Fingerprint)> {
        let number = self.next_key();
        self.key_of(&self.shared.task, None, &number.to_string(), argument)
    }

    /// A key that was never used, and its number.
    pub(super) fn numbered_key(&self) -> Checked<(Key, u64)> {
        let number = self.next_key();
        Ok((self.key_of(&self.shared.task, None, &number.to_string(), "same")?.0, number))
    }

    fn next_key(&self) -> u64 {
        self.shared.keys.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The key of these parts.
    pub(super) fn key_of(
        &self,
        task: &TaskIdent,
        tenant: Option<&str>,
        explicit: &str,
        argument: &str,
    ) -> Checked<(Key, Fingerprint)> {
        let mut writer = KeyWriter::new();
        if let Some(tenant) = tenant {
            writer.scope("tenant", tenant)?;
        }
        writer.arg("amount", argument)?;
        Ok(writer.finish_explicit(&self.shared.space, task, explicit)?)
    }

    /// The fingerprint of other arguments under the `number`-th key.
    pub(super) fn fingerprint(&self, number: u64, argument: &str) -> Checked<Fingerprint> {
        Ok(self.key_of(&self.shared.task, None, &number.to_string(), argument)?.1)
    }

    /// How many keys were handed out: the number of the last one.
    pub(super) fn last_key(&self) -> u64 {
        self.shared.keys.load(Ordering::Relaxed)
    }

    /// The task that the keys are of.
    pub(super) fn task(&self) -> &TaskIdent {
        &self.shared.task
    }

    /// An owner that was never used.
    pub(super) fn owner(&self) -> (String, Owner) {
        let number = self.shared.owners.fetch_add(1, Ordering::Relaxed) + 1;
        let mut bytes = [0xc0; 16];
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        (format!("worker {number}"), Owner::from_bytes(bytes))
    }

    /// A worker on the first handle that has not claimed yet.
    pub(super) fn worker(&self, key: &Key) -> Worker<'_> {
        let (name, owner) = self.owner();
        let holder = Holder { host: "conformance".into(), process: 1, trace: Some(name.clone()) };
        let claim = ClaimRequest {
            key: key.clone(),
            owner,
            lease: self.lease(),
            fingerprint: None,
            holder: Arc::new(holder),
            on_stale: OnStale::Rerun,
            max_attempts: None,
            grace: Retention::For(Duration::ZERO),
        };
        Worker::new(self, Arc::clone(self.store()), name, claim)
    }

    /// Lets time pass.
    pub(super) async fn pass(&self, time: Duration) -> Checked {
        self.pass_rest(time, time).await
    }

    /// Lets the rest of a time pass of which the beginning has passed already.
    pub(super) async fn pass_rest(&self, time: Duration, rest: Duration) -> Checked {
        self.step(|| format!("{} pass", humantime::format_duration(time)));
        Ok(self.shared.fixture.pass(rest).await?)
    }

    /// Lets a lease pass, and a little more.
    pub(super) async fn pass_lease(&self) -> Checked {
        self.pass(self.lease() + self.lease() / 4).await
    }

    pub(super) async fn get(&self, key: &Key) -> Checked<Option<Arc<Record>>> {
        self.note(|| format!("get {}", short(key)), self.store().get(key)).await
    }

    /// The record, which must be there.
    pub(super) async fn record(&self, key: &Key) -> Checked<Arc<Record>> {
        self.get(key).await?.ok_or_else(|| Stop::Failed("found no record, expected one".into()))
    }

    pub(super) async fn cancel(&self, key: &Key) -> Checked<CancelVerdict> {
        let request = CancelRequest { key: key.clone(), grace: Retention::For(Duration::ZERO) };
        self.note(|| format!("cancel {}", short(key)), self.store().cancel(&request)).await
    }

    pub(super) async fn clear(&self, key: &Key, force: bool) -> Checked<ClearVerdict> {
        let forced = if force { " by force" } else { "" };
        self.note(|| format!("clear {}{forced}", short(key)), self.store().clear(key, force)).await
    }

    pub(super) async fn resolve(&self, key: &Key, request: ResolveRequest) -> Checked<ResolveVerdict> {
        self.note(|| format!("resolve {} as {request:?}", short(key)), self.store().resolve(key, &request)).await
    }

    pub(super) async fn sweep(&self, limit: usize) -> Checked<SweepReport> {
        self.note(|| format!("sweep {limit}"), self.store().sweep(limit)).await
    }

    pub(super) async fn list(&self, query: &ListQuery) -> Checked<Vec<Arc<Record>>> {
        self.note(|| format!("list {query:?}"), self.store().list(query)).await
    }

    /// Does to the record what no operation does, or skips the check.
    pub(super) async fn tamper(&self, key: &Key, how: Tamper) -> Checked {
        let done = match &self.shared.fixture.tamperer {
            None => false,
            Some(tamper) => {
                tamper(key.clone(), how).await.map_err(|error| Stop::Failed(format!("{how:?}: {error}")))?
            }
        };
        self.step(|| format!("tamper with {}: {how:?}", short(key)));
        if done { Ok(()) } else { Err(Stop::Skipped(format!("the fixture does not tamper: {how:?}"))) }
    }

    /// Writes a step down.
    pub(super) fn step(&self, step: impl FnOnce() -> String) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.len() >= MOST_STEPS {
            steps.drain(..MOST_STEPS / 2);
        }
        steps.push(step());
    }

    /// An operation with its answer, as a step.
    pub(super) async fn note<T: Brief>(&self, what: impl FnOnce() -> String, answer: StoreFuture<'_, T>) -> Checked<T> {
        let answer = answer.await;
        let brief = || answer.as_ref().map_or_else(|error| format!("error: {error}"), Brief::brief);
        self.step(|| format!("{} → {}", what(), brief()));
        Ok(answer?)
    }

    /// What was done so far does not belong to what comes now.
    pub(super) fn forget_steps(&self) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn steps(&self) -> Vec<String> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Enough of a key to tell two apart in a list of steps.
pub(super) fn short(key: &Key) -> String {
    let [a, b, c, ..] = key.digest();
    format!("key {a:02x}{b:02x}{c:02x}")
}
