//! What the owner of a claim does with it: renew, complete, fail.

use std::sync::Arc;

use super::admit::expect;
use super::{Step, at_least_a_lease, completed, evidence_until, hold, live, rest, rest_or_park};
use crate::claim::{
    ClaimRequest, CompleteRequest, CompleteVerdict, FailRequest, FailVerdict, Failure, RenewRequest, RenewVerdict,
};
use crate::clock::Timestamp;
use crate::record::{Record, State, Status};

/// More time on a claim. A lease that is over is revived while nobody took the claim over (PROTO-7).
pub fn renew(record: Option<&Record>, request: &RenewRequest, now: Timestamp) -> Step<RenewVerdict> {
    match live(record, now) {
        Some(found) if found.state == State::Running && found.owner == request.owner => {
            let mut next = found.clone();
            hold(&mut next, request.lease, now);
            Step::put(next, RenewVerdict::Renewed)
        }
        // A ticket is never shortened: what was enqueued is expected as long as its longest promise (ADMIT-5).
        Some(found) if found.status(now) == Status::Is(State::Pending) && found.owner == request.owner => {
            let mut next = found.clone();
            next.completed_at = found.completed_at.or(Some(now));
            let until = now + at_least_a_lease(request.lease);
            expect(&mut next, found.retry_at.map_or(until, |before| before.max(until)), now);
            Step::put(next, RenewVerdict::Renewed)
        }
        found => Step::keep(RenewVerdict::LeaseLost(found.map(|found| found.state))),
    }
}

/// Ends a claim with its result. Owner and fence decide, not the lease (PROTO-8).
pub fn complete(record: Option<&Record>, request: &CompleteRequest, now: Timestamp) -> Step<CompleteVerdict> {
    let done = |before: &Record, restored| {
        let record = Arc::new(completed(before, &request.result, request.retention, now));
        Step::put(Arc::clone(&record), CompleteVerdict::Completed { record, restored })
    };
    let Some(found) = live(record, now) else {
        if !request.may_restore {
            return Step::keep(CompleteVerdict::LeaseLost(None));
        }
        return done(&forgotten(record, request, now), true);
    };
    let ours = found.owner == request.claim.owner;
    match found.state {
        State::Running | State::Parked if ours && found.fence == request.fence => done(found, false),
        State::Completed if ours => {
            Step::keep(CompleteVerdict::Completed { record: Arc::new(found.clone()), restored: false })
        }
        state => Step::keep(CompleteVerdict::LeaseLost(Some(state))),
    }
}

/// The claim's record as it was before the store forgot it. A fence that was given since stays given (PROTO-3).
fn forgotten(before: Option<&Record>, request: &CompleteRequest, now: Timestamp) -> Record {
    let mut record = unclaimed(&request.claim, now);
    record.fence = before.map_or(request.fence, |before| before.fence.max(request.fence));
    record.attempt = request.attempt;
    record
}

/// A record that carries a claim's words and was never granted.
fn unclaimed(claim: &ClaimRequest, now: Timestamp) -> Record {
    let mut record = Record::new(claim.key.clone(), claim.owner, now);
    record.fingerprint.clone_from(&claim.fingerprint);
    record.holder = Arc::clone(&claim.holder);
    record.on_stale = claim.on_stale;
    record.max_attempts = claim.max_attempts;
    record.grace = claim.grace;
    record.longest_lease = at_least_a_lease(claim.lease);
    record
}

/// Ends a claim without a result (PROTO-9). Never deletes: the same claim arriving late must find itself used (PROTO-5).
pub fn fail(record: Option<&Record>, request: &FailRequest, now: Timestamp) -> Step<FailVerdict> {
    let Some(found) = live(record, now) else {
        return leave_stub(record, request, now);
    };
    let ours = found.owner == request.claim.owner;
    match found.status(now) {
        Status::Is(State::Running) | Status::Stale if ours => {
            let mut next = ended(found, request.how, now);
            if request.error.is_some() {
                next.error.clone_from(&request.error);
            }
            let state = next.state;
            Step::put(next, FailVerdict::Settled(state))
        }
        // A ticket that is given back is no attempt. One of a key that nobody claimed leaves what a release without a claim
        // leaves (ADMIT-4).
        Status::Is(State::Pending) if ours => {
            let mut next = rest(found, State::Retryable, now);
            if next.attempt == 0 {
                next.fingerprint = None;
            }
            Step::put(next, FailVerdict::Settled(State::Retryable))
        }
        Status::Is(state @ (State::Retryable | State::Failed | State::Parked)) if ours => {
            Step::keep(FailVerdict::Settled(state))
        }
        // Nobody holds the key, and this claim may still be on its way: from now on it is known as used.
        Status::Is(State::Retryable) => {
            Step::put(Record { owner: request.claim.owner, ..found.clone() }, FailVerdict::Settled(State::Retryable))
        }
        Status::Is(State::Cleared) => {
            Step::put(Record { owner: request.claim.owner, ..found.clone() }, FailVerdict::LeaseLost(State::Cleared))
        }
        _ => Step::keep(FailVerdict::LeaseLost(found.state)),
    }
}

fn leave_stub(before: Option<&Record>, request: &FailRequest, now: Timestamp) -> Step<FailVerdict> {
    let mut stub = unclaimed(&request.claim, now);
    stub.fence = before.map_or(0, |before| before.fence);
    stub.fingerprint = None;
    stub.error.clone_from(&request.error);
    stub.expires_at = evidence_until(now, stub.grace);
    Step::put(stub, FailVerdict::Settled(State::Retryable))
}

fn ended(found: &Record, how: Failure, now: Timestamp) -> Record {
    match how {
        Failure::Release => rest_or_park(found, State::Retryable, now),
        Failure::NotStarted => {
            let attempt = found.attempt.saturating_sub(1);
            Record { attempt, ..rest(found, State::Retryable, now) }
        }
        Failure::Store(remembered) => {
            let mut next = rest_or_park(found, State::Failed, now);
            if next.state == State::Failed {
                let until = now + remembered;
                next.retry_at = Some(until);
                next.expires_at = evidence_until(until, next.grace);
            }
            next
        }
        Failure::Park => rest(found, State::Parked, now),
    }
}
