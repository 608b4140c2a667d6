//! A store that runs the protocol's functions over a map, and breaks one promise on purpose.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use idem_runtime::Record;
use idem_runtime::claim::*;
use idem_runtime::clock::{Clock, Timestamp};
use idem_runtime::key::Key;
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Owner, State, Status, StoredResult};
use idem_runtime::store::{Description, Durability, ListQuery, Store, StoreError, StoreFuture, SweepReport};
use idem_runtime::testing::ManualClock;
use idem_runtime::testing::conformance::Tamper;
use idem_runtime::transition::{self, Change, Step};

/// What is wrong with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    AnybodyCompletes,
    FenceIgnored,
    ReleaseDeletes,
    NoStub,
    FenceForgotten,
    FenceOfTheAttempt,
    SweepTakesLive,
    SweepTakesStale,
    SweepWithoutLimit,
    SweepNamesNobody,
    NoDeadlineIsOver,
    GrantedTwice,
    NotAtomic,
    RepeatCounts,
    RepeatWaits,
    LeaseDecides,
    CompletionOnce,
    CompletionProlongs,
    AlwaysRestored,
    ClearDeletes,
    ClearForces,
    RetentionFromClaim,
    ExpiryBySweep,
    MismatchIgnored,
    NewcomerDecides,
    AnybodyRenews,
    RenewalsReversed,
    TenantsShare,
    ResultIsText,
    EmptyIsAbsent,
    ParkedRunsOut,
    NoGrace,
    ListByAge,
    ListIgnoresTask,
    HolderDropped,
    KeeperApart,
    AdmittedTwice,
    AdmitTakesLive,
    TicketNeverEnds,
    ClockApart,
}

use Fault::*;

impl Fault {
    /// Whether one caller after another sees it in an answer or in a record.
    pub fn shows_in_answers(self) -> bool {
        let hidden = [SweepWithoutLimit, SweepNamesNobody, NoDeadlineIsOver, NotAtomic, RenewalsReversed, TenantsShare];
        let hidden_too = [ResultIsText, EmptyIsAbsent, ListByAge, ListIgnoresTask, KeeperApart, ClockApart];
        !hidden.contains(&self) && !hidden_too.contains(&self)
    }
}

type Records = HashMap<[u8; 32], Record>;

#[derive(Debug, Clone)]
pub struct Broken {
    fault: Option<Fault>,
    clock: ManualClock,
    records: Arc<Mutex<Records>>,
}

impl Broken {
    pub fn new(fault: Option<Fault>, clock: ManualClock) -> Self {
        Self { fault, clock, records: Arc::default() }
    }

    pub fn tamper(&self, key: &Key, how: Tamper) -> bool {
        let mut records = self.records();
        match (how, records.get_mut(key.digest())) {
            (Tamper::NoDeadline, Some(record)) => {
                record.lease_until = None;
                true
            }
            _ => false,
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap()
    }

    fn digest(&self, key: &Key) -> [u8; 32] {
        if !self.is(TenantsShare) {
            return *key.digest();
        }
        let mut shared = [0; 32];
        let end = key.task().len().min(32);
        shared[..end].copy_from_slice(&key.task().as_bytes()[..end]);
        if key.scope_label().is_none() { *key.digest() } else { shared }
    }

    /// Reads, breaks, decides, breaks, writes.
    async fn step<V>(
        &self,
        key: &Key,
        before: impl FnOnce(&mut Record, Timestamp),
        decide: impl FnOnce(Option<&Record>, Timestamp) -> Step<V>,
        after: impl FnOnce(Option<&Record>, &mut Record, &mut V, Timestamp) -> bool,
    ) -> Result<V, StoreError> {
        let now = self.clock.now();
        let digest = self.digest(key);
        let mut read_before = None;
        if self.is(NotAtomic) {
            read_before = Some(self.records().get(&digest).cloned());
            tokio::task::yield_now().await;
        }
        let mut records = self.records();
        let mut found = read_before.unwrap_or_else(|| records.get(&digest).cloned());
        if let Some(found) = &mut found {
            if self.is(ExpiryBySweep) {
                found.expires_at = None;
            }
            before(found, now);
        }
        let Step { change, mut verdict } = decide(found.as_ref(), now);
        let mut written = match change {
            Change::Put(record) => Arc::unwrap_or_clone(record),
            Change::Keep => match found.clone() {
                Some(found) => found,
                None => return Ok(verdict),
            },
        };
        let kept = after(found.as_ref(), &mut written, &mut verdict, now);
        self.spoil(&mut written);
        if kept {
            drop(records.insert(digest, written))
        } else {
            drop(records.remove(&digest))
        }
        Ok(verdict)
    }

    /// What is written wrong, whatever the operation.
    fn spoil(&self, record: &mut Record) {
        match self.fault {
            Some(HolderDropped) => record.holder = Arc::default(),
            Some(ParkedRunsOut) if record.expires_at.is_none() && record.grace != Retention::Forever => {
                record.expires_at = Some(record.updated_at + Duration::from_secs(86_400));
            }
            Some(NoGrace) if matches!(record.state, State::Retryable | State::Cancelled) => {
                record.expires_at = Some(record.updated_at + Duration::from_secs(60));
            }
            Some(ResultIsText) => {
                if let Some(StoredResult::Envelope(bytes)) = &record.result {
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    record.result = Some(StoredResult::Envelope(text.into_bytes().into()));
                }
            }
            Some(EmptyIsAbsent) if record.result == Some(StoredResult::Envelope([].into())) => {
                record.result = Some(StoredResult::Absent("".into()));
            }
            _ => {}
        }
    }

    async fn claim_broken(&self, request: &ClaimRequest) -> Result<ClaimVerdict, StoreError> {
        let mut asked = request.clone();
        if self.is(MismatchIgnored) {
            asked.fingerprint = None;
        }
        let asked = &asked;
        let fault = self.fault;
        let prepare = |found: &mut Record, now: Timestamp| {
            let ours = found.owner == request.owner;
            match fault {
                Some(NoDeadlineIsOver) if found.state == State::Running && found.lease_until.is_none() => {
                    found.lease_until = Some(now);
                }
                Some(NewcomerDecides) => {
                    found.on_stale = request.on_stale;
                    found.max_attempts = request.max_attempts;
                }
                Some(RepeatCounts) if ours && found.state == State::Running => found.state = State::Retryable,
                Some(RepeatCounts) => {}
                _ => {}
            }
            if matches!(fault, Some(RepeatCounts | RepeatWaits)) && ours && found.status(now) != Status::Absent {
                found.owner = Owner::from_bytes([9; 16]);
            }
        };
        let spoil = |found: Option<&Record>, written: &mut Record, verdict: &mut ClaimVerdict, _: Timestamp| {
            if let ClaimVerdict::Claimed(claimed) = verdict {
                match fault {
                    Some(FenceForgotten) => claimed.fence = 1,
                    Some(FenceOfTheAttempt) => claimed.fence = claimed.attempt.into(),
                    _ => {}
                }
                written.fence = claimed.fence;
            } else if let Some(found) = found
                && matches!(fault, Some(RepeatCounts | RepeatWaits))
                && written.owner == Owner::from_bytes([9; 16])
                && found.state == written.state
            {
                written.owner = request.owner;
            }
            if let (Some(GrantedTwice), ClaimVerdict::Running { record, .. }) = (fault, &verdict) {
                let at = record.updated_at;
                let lease_left = request.lease;
                let (fence, attempt, began) = (record.fence, record.attempt, record.created_at);
                *verdict = ClaimVerdict::Claimed(Claimed { fence, attempt, lease_left, at, began, previous: None });
                written.owner = request.owner;
            }
            if fault == Some(MismatchIgnored) && matches!(verdict, ClaimVerdict::Claimed(_)) {
                written.fingerprint.clone_from(&request.fingerprint);
            }
            true
        };
        self.step(&request.key, prepare, |record, now| transition::claim(record, asked, now), spoil).await
    }

    async fn complete_broken(&self, request: &CompleteRequest) -> Result<CompleteVerdict, StoreError> {
        let fault = self.fault;
        let mut asked = request.clone();
        asked.may_restore |= fault == Some(AlwaysRestored);
        if let Some(found) = self.records().get(&self.digest(&request.claim.key)) {
            match fault {
                Some(AnybodyCompletes) => {
                    asked.claim = Arc::new(ClaimRequest { owner: found.owner, ..(*asked.claim).clone() });
                    asked.fence = found.fence;
                }
                Some(FenceIgnored) => asked.fence = found.fence,
                _ => {}
            }
        }
        let asked = &asked;
        let prepare = |found: &mut Record, now: Timestamp| match fault {
            Some(LeaseDecides) if found.status(now) == Status::Stale => found.owner = Owner::from_bytes([9; 16]),
            Some(CompletionOnce) if found.state == State::Completed => found.owner = Owner::from_bytes([9; 16]),
            Some(CompletionProlongs) if found.state == State::Completed && found.owner == request.claim.owner => {
                (found.state, found.fence) = (State::Running, request.fence);
            }
            _ => {}
        };
        let spoil = |found: Option<&Record>, written: &mut Record, _: &mut CompleteVerdict, _: Timestamp| {
            if let (Some(LeaseDecides | CompletionOnce), Some(found)) = (fault, found)
                && found.owner == Owner::from_bytes([9; 16])
            {
                written.owner = request.claim.owner;
            }
            if let (Some(RetentionFromClaim), Retention::For(ttl)) = (fault, request.retention) {
                written.expires_at = Some(written.created_at + ttl);
            }
            true
        };
        self.step(&request.claim.key, prepare, |record, now| transition::complete(record, asked, now), spoil).await
    }

    async fn fail_broken(&self, request: &FailRequest) -> Result<FailVerdict, StoreError> {
        let fault = self.fault;
        let spoil = |found: Option<&Record>, _: &mut Record, verdict: &mut FailVerdict, now: Timestamp| {
            let freed = *verdict == FailVerdict::Settled(State::Retryable);
            let stub = transition::live(found, now).is_none();
            !(fault == Some(ReleaseDeletes) && freed && !stub || fault == Some(NoStub) && stub)
        };
        self.step(&request.claim.key, |_, _| {}, |record, now| transition::fail(record, request, now), spoil).await
    }

    async fn renew_broken(&self, request: &RenewRequest) -> Result<RenewVerdict, StoreError> {
        let mut asked = request.clone();
        if let (true, Some(found)) = (self.is(AnybodyRenews), self.records().get(&self.digest(&request.key))) {
            asked.owner = found.owner;
        }
        let asked = &asked;
        self.step(&request.key, |_, _| {}, |record, now| transition::renew(record, asked, now), |_, _, _, _| true).await
    }
}

impl Store for Broken {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        Box::pin(self.claim_broken(request))
    }

    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
        let kept = |_: Option<&Record>, written: &mut Record, verdict: &mut AdmitVerdict, now: Timestamp| {
            match (self.fault, &*verdict) {
                (Some(AdmittedTwice), AdmitVerdict::Queued { .. }) => *verdict = AdmitVerdict::Admitted,
                (Some(TicketNeverEnds), AdmitVerdict::Admitted) => {
                    (written.retry_at, written.expires_at) = (None, None);
                }
                (Some(AdmitTakesLive), AdmitVerdict::Running { .. }) => {
                    (written.state, written.owner) = (State::Pending, request.ticket);
                    (written.lease_until, written.retry_at) = (None, Some(now + request.hold));
                    *verdict = AdmitVerdict::Admitted;
                }
                _ => {}
            }
            true
        };
        let decide = |record: Option<&Record>, now| transition::admit(record, request, now);
        Box::pin(self.step(&request.key, |_, _| {}, decide, kept))
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for request in requests {
                answers.push(self.renew_broken(request).await);
            }
            if self.is(RenewalsReversed) {
                answers.reverse();
            }
            Ok(answers)
        })
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(self.complete_broken(request))
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        Box::pin(self.fail_broken(request))
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        let decide = |record: Option<&Record>, now| transition::cancel(record, request, now);
        Box::pin(self.step(&request.key, |_, _| {}, decide, |_, _, _, _| true))
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        let force = force || self.is(ClearForces);
        let decide = move |record: Option<&Record>, now| transition::clear(record, force, now);
        let kept = |_: Option<&Record>, _: &mut Record, verdict: &mut ClearVerdict, _: Timestamp| {
            !(self.is(ClearDeletes) && *verdict == ClearVerdict::Cleared)
        };
        Box::pin(self.step(key, |_, _| {}, decide, kept))
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        let prepare = |found: &mut Record, now| {
            if self.is(NoDeadlineIsOver) && found.state == State::Running && found.lease_until.is_none() {
                found.lease_until = Some(now);
            }
        };
        let decide = |record: Option<&Record>, now| transition::resolve(record, request, now);
        Box::pin(self.step(key, prepare, decide, |_, _, _, _| true))
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        Box::pin(async move {
            let now = self.clock.now();
            let records = self.records();
            let found = records.get(&self.digest(key));
            let found = found.filter(|record| self.is(ExpiryBySweep) || record.status(now) != Status::Absent);
            Ok(found.cloned().map(Arc::new))
        })
    }

    fn now<'a>(&'a self, _key: &'a Key) -> StoreFuture<'a, Timestamp> {
        Box::pin(async move {
            let off = if self.is(ClockApart) { Duration::from_secs(3_600) } else { Duration::ZERO };
            Ok(self.clock.now() + off)
        })
    }

    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
        Box::pin(async move {
            let now = self.clock.now();
            let mut query = query.clone();
            if self.is(ListIgnoresTask) {
                query.task = None;
            }
            let records = self.records();
            let live = records.values().filter(|record| record.status(now) != Status::Absent && query.takes(record));
            let mut found: Vec<_> = live.cloned().map(Arc::new).collect();
            found.sort_by_key(|record| *record.key.digest());
            if self.is(ListByAge) {
                found.sort_by_key(|record| record.fence ^ u64::from(record.key.digest()[31]));
            }
            found.truncate(query.page());
            Ok(found)
        })
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport> {
        Box::pin(async move {
            let now = self.clock.now();
            let mut records = self.records();
            let goes = |record: &Record| match record.status(now) {
                Status::Absent => true,
                Status::Stale => self.is(SweepTakesStale) && record.on_stale == OnStale::Rerun,
                Status::Is(State::Running) => self.is(SweepTakesLive),
                Status::Is(_) => false,
            };
            let limit = if self.is(SweepWithoutLimit) { usize::MAX } else { limit };
            let over: Vec<_> = records.iter().filter(|(_, record)| goes(record)).map(|(digest, _)| *digest).collect();
            let mut report = SweepReport::default();
            for digest in over.into_iter().take(limit) {
                records.remove(&digest);
                report.removed += 1;
            }
            if !self.is(SweepNamesNobody) {
                let stale = records.values().filter(|record| record.status(now) == Status::Stale);
                report.stale = stale.map(|record| record.key.clone()).collect();
            }
            Ok(report)
        })
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        let (kind, location) = ("broken".into(), "this test".into());
        let description =
            Description { kind, version: None, location, durability: Durability::Process, settings: Vec::new() };
        Box::pin(async move { Ok(description) })
    }

    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        Box::pin(async move {
            let keeper = if self.is(KeeperApart) { Self::new(self.fault, self.clock.clone()) } else { self.clone() };
            Ok(Arc::new(keeper) as Arc<dyn Store>)
        })
    }
}
