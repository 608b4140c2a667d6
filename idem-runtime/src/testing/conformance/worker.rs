//! One claim of one key, as a caller of the store makes it.

use std::sync::Arc;
use std::time::Duration;

use super::bench::{Bench, Checked, Stop, short};
use super::brief::Brief;
use crate::claim::{
    AdmitRequest, AdmitVerdict, ClaimRequest, ClaimVerdict, Claimed, CompleteRequest, CompleteVerdict, FailRequest,
    FailVerdict, Failure, RenewRequest, RenewVerdict,
};
use crate::policy::Retention;
use crate::record::StoredResult;
use crate::store::Store;

/// The retention of results that a check does not wait for.
pub(super) const TTL: Duration = Duration::from_secs(3_600);

/// Somebody who claims a key, and what the claim was answered.
#[derive(Debug, Clone)]
pub(super) struct Worker<'a> {
    bench: &'a Bench,
    pub(super) store: Arc<dyn Store>,
    name: String,
    pub(super) claim: ClaimRequest,
    pub(super) fence: u64,
    pub(super) attempt: u32,
}

impl<'a> Worker<'a> {
    pub(super) fn new(bench: &'a Bench, store: Arc<dyn Store>, name: String, claim: ClaimRequest) -> Self {
        Self { bench, store, name, claim, fence: 0, attempt: 0 }
    }

    /// The same worker on the second handle, as another process is.
    pub(super) fn elsewhere(self) -> Self {
        let other = Arc::clone(self.bench.other());
        self.through(other)
    }

    /// The same worker on this handle.
    pub(super) fn through(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// The same worker with other words in its claim.
    pub(super) fn with(mut self, change: impl FnOnce(&mut ClaimRequest)) -> Self {
        change(&mut self.claim);
        self
    }

    fn says(&self, does: &str) -> String {
        format!("{} {does} {}", self.name, short(&self.claim.key))
    }

    pub(super) async fn claim(&mut self) -> Checked<ClaimVerdict> {
        let verdict = self.bench.note(|| self.says("claims"), self.store.claim(&self.claim)).await?;
        if let ClaimVerdict::Claimed(claimed) = &verdict {
            (self.fence, self.attempt) = (claimed.fence, claimed.attempt);
        }
        Ok(verdict)
    }

    /// Claims, and must be granted.
    pub(super) async fn granted(&mut self) -> Checked<Claimed> {
        match self.claim().await? {
            ClaimVerdict::Claimed(claimed) => Ok(claimed),
            other => Err(Stop::found(&other, "Claimed")),
        }
    }

    /// Claims, must be granted, and fails.
    pub(super) async fn granted_and(mut self, how: Failure) -> Checked<Self> {
        self.granted().await?;
        self.fail(how).await?;
        Ok(self)
    }

    /// The question whether to enqueue the job that the claim is of. The worker's owner is the ticket: it never claims then.
    pub(super) fn admission(&self, hold: Duration) -> AdmitRequest {
        let claim = &self.claim;
        AdmitRequest {
            key: claim.key.clone(),
            ticket: claim.owner,
            hold,
            fingerprint: claim.fingerprint.clone(),
            holder: Arc::clone(&claim.holder),
            grace: claim.grace,
        }
    }

    pub(super) async fn send_admission(&self, request: &AdmitRequest) -> Checked<AdmitVerdict> {
        self.bench.note(|| self.says("asks to enqueue"), self.store.admit(request)).await
    }

    pub(super) async fn admit(&self, hold: Duration) -> Checked<AdmitVerdict> {
        self.send_admission(&self.admission(hold)).await
    }

    /// Asks to enqueue, and must be told to.
    pub(super) async fn admitted(&self, hold: Duration) -> Checked {
        match self.admit(hold).await? {
            AdmitVerdict::Admitted => Ok(()),
            other => Err(Stop::Failed(format!("found {}, expected Admitted", other.brief()))),
        }
    }

    pub(super) fn renewal(&self) -> RenewRequest {
        RenewRequest { key: self.claim.key.clone(), owner: self.claim.owner, lease: self.claim.lease }
    }

    pub(super) async fn renew(&self) -> Checked<RenewVerdict> {
        let request = [self.renewal()];
        let mut answers = self.bench.note(|| self.says("renews"), self.store.renew(&request)).await?;
        match answers.pop() {
            Some(answer) if answers.is_empty() => Ok(answer?),
            _ => Err(Stop::found(&answers, "one answer to one renewal")),
        }
    }

    pub(super) fn completion(&self, result: &[u8]) -> CompleteRequest {
        CompleteRequest {
            claim: Arc::new(self.claim.clone()),
            fence: self.fence,
            attempt: self.attempt,
            result: StoredResult::Envelope(result.into()),
            retention: Retention::For(TTL),
            may_restore: false,
        }
    }

    pub(super) async fn send(&self, request: &CompleteRequest) -> Checked<CompleteVerdict> {
        self.bench.note(|| self.says("completes"), self.store.complete(request)).await
    }

    pub(super) async fn complete(&self, result: &[u8]) -> Checked<CompleteVerdict> {
        self.send(&self.completion(result)).await
    }

    /// Completes, and must be believed.
    pub(super) async fn done(&self, result: &[u8]) -> Checked {
        match self.complete(result).await? {
            CompleteVerdict::Completed { .. } => Ok(()),
            other => Err(Stop::found(&other, "Completed")),
        }
    }

    /// Completes for a retention that the check waits for.
    pub(super) async fn done_for(&self, result: &[u8], ttl: Duration) -> Checked {
        let mut request = self.completion(result);
        request.retention = Retention::For(ttl);
        match self.send(&request).await? {
            CompleteVerdict::Completed { .. } => Ok(()),
            other => Err(Stop::found(&other, "Completed")),
        }
    }

    pub(super) fn failure(&self, how: Failure) -> FailRequest {
        FailRequest { claim: Arc::new(self.claim.clone()), how, error: Some("it failed".into()) }
    }

    pub(super) async fn fail(&self, how: Failure) -> Checked<FailVerdict> {
        let what = || format!("{} ({how:?})", self.says("fails"));
        self.bench.note(what, self.store.fail(&self.failure(how))).await
    }
}

/// Two results, told apart in a few words.
pub(super) fn same_result(found: Option<&StoredResult>, expected: &StoredResult) -> Checked {
    if found == Some(expected) {
        return Ok(());
    }
    Err(Stop::Failed(format!("found the result {found:?}, expected {expected:?}")))
}

/// A verdict that must carry this result.
pub(super) fn replays(verdict: &ClaimVerdict, result: &[u8]) -> Checked {
    match verdict {
        ClaimVerdict::Completed(record) => same_result(record.result.as_ref(), &StoredResult::Envelope(result.into())),
        other => Err(Stop::Failed(format!("found {}, expected Completed", other.brief()))),
    }
}
