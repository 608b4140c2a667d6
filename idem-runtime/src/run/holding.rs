//! A granted claim, and what the keeper must do for it when its call is dropped.

use std::sync::Arc;

use crate::claim::{ClaimRequest, Claimed, CompleteRequest, FailRequest, Failure};
use crate::flight::{Leader, Waits};
use crate::lease::{Keeper, Lease, Settlement};
use crate::policy::OnStale;

/// What is left to do for a claim when its call is dropped now: the keeper does it, since a drop cannot await.
#[derive(Debug)]
pub(super) struct Pledge<'a> {
    keeper: &'a Keeper,
    claim: Arc<ClaimRequest>,
    left: Left,
}

#[derive(Debug)]
enum Left {
    Nothing,
    /// The body was not entered: if the claim was applied, it is released, and a late request finds it used.
    Unstarted,
    /// The body was entered: its effect may have taken place.
    Started,
    /// The body ended without a value, for this reason.
    Ended(&'static str),
    /// The body returned: its result is to be kept.
    Recording(CompleteRequest),
}

impl<'a> Pledge<'a> {
    /// For a claim that is about to be sent.
    pub(super) fn new(keeper: &'a Keeper, claim: &Arc<ClaimRequest>) -> Self {
        Self { keeper, claim: Arc::clone(claim), left: Left::Unstarted }
    }

    /// Nothing is left to do.
    pub(super) fn kept(&mut self) {
        self.left = Left::Nothing;
    }

    /// This completion is left to do.
    pub(super) fn record(&mut self, completion: CompleteRequest) {
        self.left = Left::Recording(completion);
    }

    /// The body ended without a value: this release is left to do.
    pub(super) fn release(&mut self, why: &'static str) -> FailRequest {
        self.left = Left::Ended(why);
        self.fail(Failure::Release, why)
    }

    fn fail(&self, how: Failure, why: &str) -> FailRequest {
        FailRequest { claim: Arc::clone(&self.claim), how, error: Some(why.into()) }
    }
}

impl Drop for Pledge<'_> {
    fn drop(&mut self) {
        let settlement = match std::mem::replace(&mut self.left, Left::Nothing) {
            Left::Nothing => return,
            Left::Unstarted => Settlement::Fail(self.fail(Failure::NotStarted, "given up before the body was entered")),
            Left::Started if self.claim.on_stale == OnStale::Park => return,
            Left::Started => Settlement::Fail(self.fail(Failure::Release, "the call was dropped while its body ran")),
            Left::Ended(why) => Settlement::Fail(self.fail(Failure::Release, why)),
            Left::Recording(completion) => Settlement::Complete(completion),
        };
        self.keeper.settle(settlement);
    }
}

/// A granted claim. Its heartbeats are sent while this lives.
#[derive(Debug)]
pub(crate) struct Holding<'a> {
    pub(super) lease: Arc<Lease>,
    pub(super) claimed: Claimed,
    /// Followers of the flight get the record, or lead on their own once this is gone.
    pub(super) leader: Option<Leader<'a>>,
    pub(super) pledge: Pledge<'a>,
}

impl Holding<'_> {
    /// The body is about to be polled.
    pub(super) fn started(&mut self, body: &Arc<Waits>) {
        if let Some(leader) = &self.leader {
            leader.enters(body);
        }
        self.pledge.left = Left::Started;
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.pledge.keeper.let_go(&self.lease.claim.owner);
    }
}
