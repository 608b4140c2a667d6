//! A granted claim, and what the keeper must do for it when its call is dropped.

use std::sync::Arc;

use super::Call;
use super::failure::{Ended, abandoned};
use crate::claim::{ClaimRequest, Claimed, CompleteRequest, FailRequest, Failure};
use crate::current::Running;
use crate::events;
use crate::flight::Leader;
use crate::lease::{Keeper, Lease, Settlement};
use crate::policy::OnStale;
use crate::reconcile::AbandonedClaim;

/// A claim that is given up before its body.
const UNSTARTED: Ended = Ended { how: Failure::NotStarted, why: "given up before the body was entered", message: None };

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
    /// The body ended without a value, and its claim is to end so.
    Ended(FailRequest),
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

    /// The body ended without a value: this end of its claim is left to do.
    pub(super) fn end(&mut self, ended: Ended) -> FailRequest {
        let request = self.fail(ended);
        self.left = Left::Ended(request.clone());
        request
    }

    fn fail(&self, Ended { how, why, message }: Ended) -> FailRequest {
        let error = message.map_or_else(|| why.into(), Arc::from);
        FailRequest { claim: Arc::clone(&self.claim), how, error: Some(error) }
    }
}

impl Drop for Pledge<'_> {
    fn drop(&mut self) {
        let settlement = match std::mem::replace(&mut self.left, Left::Nothing) {
            Left::Nothing => return,
            // It may have taken over an abandoned claim, which a release would forget.
            Left::Unstarted if self.claim.on_stale == OnStale::Reconcile => return,
            Left::Unstarted => Settlement::Fail(self.fail(UNSTARTED)),
            Left::Started => {
                let why = "the call was dropped while its body ran";
                let Some(dropped) = abandoned(self.claim.on_stale, why) else {
                    return events::left_to_lease(&self.claim.key, why);
                };
                Settlement::Fail(self.fail(dropped))
            }
            Left::Ended(request) => Settlement::Fail(request),
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
    /// The claim that this one took over, where the task asks what became of it.
    pub(super) abandoned: Option<Box<AbandonedClaim>>,
    /// This call as its body sees it, and before that the task's function that is asked.
    pub(super) running: Option<Arc<Running>>,
    /// Followers of the flight get the record, or lead on their own once this is gone.
    pub(super) leader: Option<Leader<'a>>,
    pub(super) pledge: Pledge<'a>,
}

impl Holding<'_> {
    /// Code of the task's is about to be polled under this claim. Answers the call as that code sees it.
    pub(super) fn enters(&mut self, call: &Call) -> Arc<Running> {
        self.pledge.left = Left::Started;
        let running = self.running.take().unwrap_or_else(|| call.running(Some(&self.claimed), Some(&self.lease)));
        if let Some(leader) = &self.leader {
            leader.enters(&running.waits);
        }
        Arc::clone(self.running.insert(running))
    }

    /// The task's code has ended.
    pub(super) fn leaves(&mut self, running: Arc<Running>) {
        self.running = None;
        drop(running);
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.pledge.keeper.let_go(&self.lease.claim.owner);
    }
}
