//! A granted claim, and what the keeper must do for it when its call is dropped.

use std::sync::Arc;

use crate::claim::{ClaimRequest, Claimed, FailRequest, Failure};
use crate::flight::Leader;
use crate::lease::{Keeper, Lease, Settlement};
use crate::policy::OnStale;

/// What the keeper does when this is dropped: a drop cannot await.
#[derive(Debug)]
pub(super) struct Pledge<'a> {
    keeper: &'a Keeper,
    left: Option<Settlement>,
}

impl<'a> Pledge<'a> {
    /// A claim that is about to be sent: if the call gives up on the answer, the claim is released, so that a late
    /// request finds it used.
    pub(super) fn unanswered(keeper: &'a Keeper, claim: &Arc<ClaimRequest>) -> Self {
        let request = release(claim, Failure::NotStarted, "given up before the body was entered");
        Self { keeper, left: Some(Settlement::Fail(request)) }
    }

    /// Nothing is left to do.
    pub(super) fn kept(&mut self) {
        self.left = None;
    }

    /// This is left to do.
    pub(super) fn leave(&mut self, settlement: Settlement) {
        self.left = Some(settlement);
    }
}

impl Drop for Pledge<'_> {
    fn drop(&mut self) {
        if let Some(left) = self.left.take() {
            self.keeper.settle(left);
        }
    }
}

/// A release of a claim.
pub(super) fn release(claim: &Arc<ClaimRequest>, how: Failure, why: &str) -> FailRequest {
    FailRequest { claim: Arc::clone(claim), how, error: Some(why.into()) }
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
    /// The body is about to be polled: dropped from here on, its effect may have taken place.
    pub(super) fn started(&mut self) {
        let claim = &self.lease.claim;
        match claim.on_stale {
            OnStale::Rerun => {
                let request = release(claim, Failure::Release, "the call was dropped while its body ran");
                self.pledge.leave(Settlement::Fail(request));
            }
            OnStale::Park => self.pledge.kept(),
        }
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.pledge.keeper.let_go(&self.lease.claim.owner);
    }
}
