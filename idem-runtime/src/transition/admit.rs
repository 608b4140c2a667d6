//! Before the queue: whether a job is to be enqueued at all.

use std::sync::Arc;
use std::time::Duration;

use super::{Step, at_least_a_lease, begins, evidence_until, live, mismatch, rest, used_up};
use crate::claim::{AdmitRequest, AdmitVerdict};
use crate::clock::Timestamp;
use crate::policy::OnStale;
use crate::record::{Record, State, Status};

/// Asks whether to enqueue a job (ADMIT-1 to ADMIT-4). What is there is answered; only what a claim would be granted on
/// becomes pending.
pub fn admit(record: Option<&Record>, request: &AdmitRequest, now: Timestamp) -> Step<AdmitVerdict> {
    let Some(found) = live(record, now) else {
        return pend(unclaimed(record, request, now), request, now);
    };
    if let Some(arguments) = mismatch(found, request.fingerprint.as_ref(), now) {
        return Step::keep(AdmitVerdict::Mismatch { arguments });
    }
    let ours = found.owner == request.ticket;
    let answer = || Arc::new(found.clone());
    match found.status(now) {
        Status::Is(State::Pending) if ours => Step::keep(AdmitVerdict::Admitted),
        Status::Is(State::Pending) => {
            let left = found.retry_at.map_or(Duration::MAX, |until| until.since(now));
            Step::keep(AdmitVerdict::Queued { left, record: answer() })
        }
        Status::Is(State::Running) => {
            Step::keep(AdmitVerdict::Running { lease_left: found.lease_left(now), record: answer() })
        }
        Status::Is(State::Retryable | State::Cleared) if ours => Step::keep(AdmitVerdict::Stale),
        Status::Is(State::Retryable) => pend(rest(found, State::Pending, now), request, now),
        Status::Stale if found.on_stale == OnStale::Rerun && !used_up(found) => {
            pend(rest(found, State::Pending, now), request, now)
        }
        Status::Is(State::Cleared) | Status::Absent => pend(unclaimed(record, request, now), request, now),
        Status::Is(State::Completed) => Step::keep(AdmitVerdict::Completed(answer())),
        Status::Is(State::Failed) => Step::keep(AdmitVerdict::Failed(answer())),
        Status::Is(State::Parked) | Status::Stale => Step::keep(AdmitVerdict::Unknown(answer())),
        Status::Is(State::Cancelled) => Step::keep(AdmitVerdict::Cancelled(answer())),
    }
}

/// A record of a piece of work that nobody claimed yet. A clearing under it is remembered as long as it would have been.
fn unclaimed(before: Option<&Record>, request: &AdmitRequest, now: Timestamp) -> Record {
    let mut fresh = Record::new(request.key.clone(), request.ticket, now);
    fresh.created_at = begins(before, now);
    fresh.fence = before.map_or(0, |before| before.fence);
    fresh.longest_lease = live(before, now).map_or(Duration::ZERO, |before| before.longest_lease);
    fresh.grace = request.grace;
    rest(&fresh, State::Pending, now)
}

fn pend(mut next: Record, request: &AdmitRequest, now: Timestamp) -> Step<AdmitVerdict> {
    next.owner = request.ticket;
    next.holder = Arc::clone(&request.holder);
    // Of a key that nobody claimed these are the first arguments that count.
    next.fingerprint = next.fingerprint.filter(|_| next.attempt > 0).or_else(|| request.fingerprint.clone());
    expect(&mut next, now + at_least_a_lease(request.hold), now);
    Step::put(next, AdmitVerdict::Admitted)
}

/// Expects a delivery until then. Attempts that there were are evidence beyond that; without any there is nothing to keep but a
/// clearing.
pub(super) fn expect(pending: &mut Record, until: Timestamp, now: Timestamp) {
    pending.retry_at = Some(until);
    pending.expires_at = match pending.attempt {
        0 => Some(until.max(now + pending.longest_lease)),
        _ => evidence_until(until, pending.grace),
    };
    pending.updated_at = now;
}
