//! Requests to a store, as tests make them.
#![allow(clippy::unwrap_used, dead_code, reason = "helpers of tests, not all of them in each")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use idem_runtime::Store;
use idem_runtime::claim::{ClaimRequest, ClaimVerdict, Claimed, CompleteRequest, FailRequest, Failure, RenewRequest};
use idem_runtime::key::{Fingerprint, Key, KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Holder, Owner, StoredResult};

pub const LEASE: Duration = Duration::from_secs(30);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub fn key(task: &str, number: u64) -> Key {
    idem_test_log::listen();
    fingerprinted(task, number, &0).0
}

/// A key and the fingerprint of an argument beside it.
pub fn fingerprinted(task: &str, number: u64, argument: &u64) -> (Key, Fingerprint) {
    let mut writer = KeyWriter::new();
    writer.arg("amount", argument).unwrap();
    let (space, task) = (KeySpace::new("shop"), TaskIdent::new(task, NonZeroU32::MIN));
    writer.finish_explicit(&space, &task, &number.to_string()).unwrap()
}

pub fn request(key: Key) -> ClaimRequest {
    ClaimRequest {
        key,
        owner: Owner::random(),
        lease: LEASE,
        fingerprint: None,
        holder: Arc::new(Holder { host: "worker-1".into(), process: 4711, trace: Some("trace-9".into()) }),
        on_stale: OnStale::Rerun,
        max_attempts: None,
        grace: Retention::For(DAY),
    }
}

pub fn completion(claim: &ClaimRequest, claimed: &Claimed, result: &[u8]) -> CompleteRequest {
    CompleteRequest {
        claim: Arc::new(claim.clone()),
        fence: claimed.fence,
        attempt: claimed.attempt,
        result: StoredResult::Envelope(result.into()),
        retention: Retention::For(DAY),
        may_restore: false,
    }
}

pub fn failure(claim: &ClaimRequest, how: Failure) -> FailRequest {
    FailRequest { claim: Arc::new(claim.clone()), how, error: Some("it broke".into()) }
}

#[track_caller]
pub fn claimed(verdict: ClaimVerdict) -> Claimed {
    match verdict {
        ClaimVerdict::Claimed(claimed) => claimed,
        other => panic!("not claimed: {other:?}"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Claims and completes.
pub async fn done(store: &(impl Store + ?Sized), key: Key, result: &[u8]) {
    let request = request(key);
    let claimed = claimed(store.claim(&request).await.unwrap());
    store.complete(&completion(&request, &claimed, result)).await.unwrap();
}

pub fn renewal(claim: &ClaimRequest) -> RenewRequest {
    RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: claim.lease }
}

/// Waits until `done` holds, within a bound.
pub async fn until(what: &str, done: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(tokio::time::Instant::now() < deadline, "never came true: {what}");
        // tidy: allow sleep: between looks, so that what is waited for has the processor
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
