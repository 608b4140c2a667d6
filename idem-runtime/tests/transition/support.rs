//! Claims, and a key's record that operations are applied to.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use idem_runtime::Record;
use idem_runtime::claim::{
    AdmitRequest, AdmitVerdict, ClaimRequest, ClaimVerdict, Claimed, CompleteRequest, CompleteVerdict, FailRequest,
    FailVerdict, Failure, RenewRequest, RenewVerdict,
};
use idem_runtime::clock::Timestamp;
use idem_runtime::key::{Fingerprint, Key, KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Holder, Owner, StoredResult};
use idem_runtime::transition::{self, Change, Step};

pub const LEASE: Duration = Duration::from_secs(30);
pub const TTL: Duration = Duration::from_secs(3_600);
pub const MS: Duration = Duration::from_millis(1);

pub fn key_of(argument: &str) -> (Key, Fingerprint) {
    let mut writer = KeyWriter::new();
    writer.arg("amount", argument).unwrap();
    writer.finish_explicit(&KeySpace::new("test"), &TaskIdent::new("pay", NonZeroU32::MIN), "order-1").unwrap()
}

/// A claim by the owner of this number, of the one key.
pub fn claim_by(owner: u8) -> ClaimRequest {
    let (key, fingerprint) = key_of("10 EUR");
    ClaimRequest {
        key,
        owner: Owner::from_bytes([owner; 16]),
        lease: LEASE,
        fingerprint: Some(fingerprint),
        holder: Arc::new(Holder::default()),
        on_stale: OnStale::Rerun,
        max_attempts: None,
        grace: Retention::For(Duration::ZERO),
    }
}

/// One key's record and the time.
#[derive(Debug, Clone)]
pub struct World {
    pub record: Option<Record>,
    pub now: Timestamp,
}

impl World {
    pub fn new() -> Self {
        Self { record: None, now: Timestamp::from_micros(1_000_000) }
    }

    pub fn apply<V>(&mut self, decide: impl FnOnce(Option<&Record>, Timestamp) -> Step<V>) -> V {
        let Step { change, verdict } = decide(self.record.as_ref(), self.now);
        if let Change::Put(record) = change {
            self.record = Some(std::sync::Arc::unwrap_or_clone(record));
        }
        verdict
    }

    pub fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    pub fn claim(&mut self, request: &ClaimRequest) -> ClaimVerdict {
        self.apply(|record, now| transition::claim(record, request, now))
    }

    pub fn granted(&mut self, request: &ClaimRequest) -> Claimed {
        match self.claim(request) {
            ClaimVerdict::Claimed(claimed) => claimed,
            other => panic!("found {other:?}, expected Claimed"),
        }
    }

    /// The claim's owner as a ticket.
    pub fn admit(&mut self, claim: &ClaimRequest, hold: Duration) -> AdmitVerdict {
        let request = AdmitRequest {
            key: claim.key.clone(),
            ticket: claim.owner,
            hold,
            fingerprint: claim.fingerprint.clone(),
            holder: Arc::clone(&claim.holder),
            grace: claim.grace,
        };
        self.apply(|record, now| transition::admit(record, &request, now))
    }

    pub fn renew(&mut self, claim: &ClaimRequest) -> RenewVerdict {
        let request = RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: claim.lease };
        self.apply(|record, now| transition::renew(record, &request, now))
    }

    pub fn complete(&mut self, claim: &ClaimRequest, fence: u64, may_restore: bool) -> CompleteVerdict {
        let request = CompleteRequest {
            claim: Arc::new(claim.clone()),
            fence,
            attempt: 1,
            result: StoredResult::Envelope(b"the result".as_slice().into()),
            retention: Retention::For(TTL),
            may_restore,
        };
        self.apply(|record, now| transition::complete(record, &request, now))
    }

    pub fn fail(&mut self, claim: &ClaimRequest, how: Failure) -> FailVerdict {
        let request = FailRequest { claim: Arc::new(claim.clone()), how, error: Some("it failed".into()) };
        self.apply(|record, now| transition::fail(record, &request, now))
    }

    pub fn clear(&mut self, force: bool) {
        self.apply(|record, now| transition::clear(record, force, now));
    }

    pub fn there(&self) -> &Record {
        self.record.as_ref().expect("a record")
    }
}
