//! What an operator does, who owns no claim: cancel, clear, resolve.

use super::{Step, completed, evidence_until, live, rest};
use crate::claim::{CancelRequest, CancelVerdict, ClearVerdict, ResolveRequest, ResolveVerdict};
use crate::clock::Timestamp;
use crate::record::{Owner, Record, State, Status};

/// Refuses later deliveries; too late once completed (PROTO-10).
pub fn cancel(record: Option<&Record>, request: &CancelRequest, now: Timestamp) -> Step<CancelVerdict> {
    let found = match live(record, now) {
        Some(found) => found.clone(),
        None => {
            let mut fresh = Record::new(request.key.clone(), Owner::NOBODY, now);
            fresh.fence = record.map_or(0, |before| before.fence);
            fresh
        }
    };
    match found.state {
        State::Completed => Step::keep(CancelVerdict::AlreadyCompleted),
        State::Cancelled => Step::keep(CancelVerdict::Cancelled),
        _ => {
            let mut next = rest(&found, State::Cancelled, now);
            next.grace = request.grace;
            next.expires_at = evidence_until(now, request.grace);
            Step::put(next, CancelVerdict::Cancelled)
        }
    }
}

/// Forgets a record. What stays for the longest lease granted keeps a late completion from writing over it (PROTO-11).
pub fn clear(record: Option<&Record>, force: bool, now: Timestamp) -> Step<ClearVerdict> {
    let Some(found) = live(record, now) else {
        return Step::keep(ClearVerdict::Absent);
    };
    match found.status(now) {
        Status::Is(State::Running) if !force => Step::keep(ClearVerdict::InProgress(found.lease_left(now))),
        Status::Is(State::Cleared) => Step::keep(ClearVerdict::Cleared),
        _ => {
            let mut next = rest(found, State::Cleared, now);
            next.result = None;
            next.error = None;
            next.completed_at = None;
            next.expires_at = Some(now + found.longest_lease);
            Step::put(next, ClearVerdict::Cleared)
        }
    }
}

/// An operator's word on a claim whose outcome is not known: parked, or its owner gone (PROTO-12).
pub fn resolve(record: Option<&Record>, request: &ResolveRequest, now: Timestamp) -> Step<ResolveVerdict> {
    let Some(found) = live(record, now) else {
        return Step::keep(ResolveVerdict::NotParked(None));
    };
    if !matches!(found.status(now), Status::Is(State::Parked) | Status::Stale) {
        return Step::keep(ResolveVerdict::NotParked(Some(found.state)));
    }
    let next = match request {
        // The result is nobody's completion: the owner's own, if it comes after all, is refused.
        ResolveRequest::Completed(result, retention) => {
            Record { owner: Owner::NOBODY, ..completed(found, result, *retention, now) }
        }
        ResolveRequest::Retry => rest(found, State::Retryable, now),
        ResolveRequest::Cancel => rest(found, State::Cancelled, now),
    };
    let state = next.state;
    Step::put(next, ResolveVerdict::Resolved(state))
}
