//! Claiming: who may run the body.

use std::sync::Arc;
use std::time::Duration;

use super::{Step, at_least_a_lease, begins, hold, live, mismatch, rest, used_up};
use crate::claim::{ClaimRequest, ClaimVerdict, Claimed, Previous};
use crate::clock::Timestamp;
use crate::policy::OnStale;
use crate::record::{Record, State, Status};

/// Asks for the right to run the body (PROTO-1 to PROTO-6).
pub fn claim(record: Option<&Record>, request: &ClaimRequest, now: Timestamp) -> Step<ClaimVerdict> {
    let Some(found) = live(record, now) else {
        return grant(record, request, 1, None, now);
    };
    if let Some(arguments) = mismatch(found, request.fingerprint.as_ref(), now) {
        return Step::keep(ClaimVerdict::Mismatch { arguments });
    }
    let ours = found.owner == request.owner;
    let answer = || Arc::new(found.clone());
    match found.status(now) {
        Status::Stale | Status::Is(State::Running) if ours => repeat(found, request, now),
        Status::Is(State::Running) => {
            Step::keep(ClaimVerdict::Running { lease_left: found.lease_left(now), record: answer() })
        }
        Status::Stale => take_over(found, request, now),
        Status::Is(State::Retryable | State::Cleared) if ours => Step::keep(ClaimVerdict::Stale),
        // A delivery of the job takes the key, whoever admitted it (ADMIT-3).
        Status::Is(State::Retryable | State::Pending) => {
            grant(record, request, found.attempt.saturating_add(1), None, now)
        }
        Status::Is(State::Cleared) | Status::Absent => grant(record, request, 1, None, now),
        Status::Is(State::Completed) => Step::keep(ClaimVerdict::Completed(answer())),
        Status::Is(State::Failed) => Step::keep(ClaimVerdict::Failed(answer())),
        Status::Is(State::Parked) => Step::keep(ClaimVerdict::Parked(answer())),
        Status::Is(State::Cancelled) => Step::keep(ClaimVerdict::Cancelled(answer())),
    }
}

/// The same claim, sent again because its reply was lost: the same answer (PROTO-4).
fn repeat(found: &Record, request: &ClaimRequest, now: Timestamp) -> Step<ClaimVerdict> {
    let claimed = |lease_left| {
        let (fence, attempt, at) = (found.fence, found.attempt, found.updated_at);
        ClaimVerdict::Claimed(Claimed { fence, attempt, lease_left, at, began: found.created_at, previous: None })
    };
    let lease = at_least_a_lease(request.lease);
    match found.lease_left(now) {
        Some(Duration::ZERO) => {
            let mut next = found.clone();
            hold(&mut next, lease, now);
            Step::put(next, claimed(lease))
        }
        Some(left) => Step::keep(claimed(left)),
        None => Step::keep(claimed(lease)),
    }
}

/// The owner is gone. The abandoned claim's own policy decides, not the newcomer's (PROTO-6).
fn take_over(found: &Record, request: &ClaimRequest, now: Timestamp) -> Step<ClaimVerdict> {
    let parks = match found.on_stale {
        OnStale::Rerun => false,
        OnStale::Park => true,
        // Whoever has no function to ask with must not run it unasked.
        OnStale::Reconcile => request.on_stale != OnStale::Reconcile,
    };
    if used_up(found) || parks {
        let mut parked = rest(found, State::Parked, now);
        parked.error = Some("abandoned: the lease ran out before the call ended".into());
        let parked = Arc::new(parked);
        return Step::put(Arc::clone(&parked), ClaimVerdict::Parked(parked));
    }
    let previous = Previous {
        attempt: found.attempt,
        fence: found.fence,
        created_at: found.created_at,
        lease_until: found.lease_until.unwrap_or(now),
    };
    grant(Some(found), request, found.attempt.saturating_add(1), Some(previous), now)
}

/// Writes the claim. The fence goes on from whatever was there, also where its time was over (PROTO-3); nothing else of
/// such a record does (PROTO-15).
fn grant(
    before: Option<&Record>,
    request: &ClaimRequest,
    attempt: u32,
    previous: Option<Previous>,
    now: Timestamp,
) -> Step<ClaimVerdict> {
    let mut next = Record::new(request.key.clone(), request.owner, now);
    next.state = State::Running;
    next.attempt = attempt;
    next.fingerprint.clone_from(&request.fingerprint);
    next.holder = Arc::clone(&request.holder);
    next.on_stale = request.on_stale;
    next.max_attempts = request.max_attempts;
    next.grace = request.grace;
    next.fence = u64::try_from(now.as_micros()).unwrap_or(0).max(1);
    if let Some(before) = before {
        next.fence = next.fence.max(before.fence.saturating_add(1));
    }
    next.created_at = begins(before, now);
    if let Some(before) = live(before, now) {
        next.longest_lease = before.longest_lease;
        if attempt > 1 {
            next.created_at = before.created_at;
            next.error.clone_from(&before.error);
        }
    }
    hold(&mut next, request.lease, now);
    let lease_left = at_least_a_lease(request.lease);
    let claimed = Claimed { fence: next.fence, attempt, lease_left, at: now, began: next.created_at, previous };
    Step::put(next, ClaimVerdict::Claimed(claimed))
}
