//! The protocol as pure functions: (record, request, now) → (change, verdict). The executable form of
//! `docs/spec/protocol.md`; every store agrees with it, and the memory and SQLite stores run it as it stands.
//!
//! `now` is the store's own clock. A store reads the record, calls the function and applies the [`Change`],
//! atomically; it decides nothing itself.

mod admit;
mod claim;
mod operate;
mod settle;

use std::sync::Arc;
use std::time::Duration;

pub use self::admit::admit;
pub use self::claim::claim;
pub use self::operate::{cancel, clear, resolve};
pub use self::settle::{complete, fail, renew};

use crate::clock::Timestamp;
use crate::key::Fingerprint;
use crate::policy::{OnStale, Retention};
use crate::record::{Record, State, Status};

/// Evidence is kept for a day at least, so that a message a day late still finds what became of it (PROTO-14).
pub const MIN_GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a store has to do with the record.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Nothing: the answer needs no write.
    Keep,
    /// Write this record in place of what was there. Shared with the verdict, where that shows it.
    Put(Arc<Record>),
}

/// A change and the answer that goes with it.
#[derive(Debug, Clone)]
pub struct Step<V> {
    /// What to write.
    pub change: Change,
    /// What to answer, once it is written.
    pub verdict: V,
}

impl<V> Step<V> {
    fn keep(verdict: V) -> Self {
        Self { change: Change::Keep, verdict }
    }

    fn put(record: impl Into<Arc<Record>>, verdict: V) -> Self {
        Self { change: Change::Put(record.into()), verdict }
    }
}

/// The record, unless its time is over: then it is absent for every operation, swept or not (PROTO-15).
pub fn live(record: Option<&Record>, now: Timestamp) -> Option<&Record> {
    record.filter(|record| record.status(now) != Status::Absent)
}

/// The arguments that differ, where the record and the caller both say theirs. What was cleared, or admitted and is expected
/// no longer, says nothing about arguments (PROTO-13).
fn mismatch(found: &Record, ours: Option<&Fingerprint>, now: Timestamp) -> Option<Vec<String>> {
    let expected_no_longer =
        found.state == State::Pending && found.attempt == 0 && found.status(now) != Status::Is(State::Pending);
    if found.state == State::Cleared || expected_no_longer {
        return None;
    }
    let (theirs, ours) = found.fingerprint.as_ref().zip(ours)?;
    (!theirs.matches(ours)).then(|| theirs.differing(ours))
}

/// When a new piece of work begins: no two under one key begin at one time (PROTO-23).
fn begins(before: Option<&Record>, now: Timestamp) -> Timestamp {
    before.map_or(now, |before| now.max(before.created_at + Duration::from_micros(1)))
}

/// Whether all the attempts that a record may have are made.
fn used_up(record: &Record) -> bool {
    record.max_attempts.is_some_and(|max| record.attempt >= max)
}

/// Until when evidence is kept that is no longer held by anybody.
fn evidence_until(from: Timestamp, grace: Retention) -> Option<Timestamp> {
    match grace {
        Retention::For(grace) => Some(from + grace.max(MIN_GRACE)),
        Retention::Forever => None,
    }
}

/// A claim's deadline, and the end of its evidence: evidence of a claim that must not be rerun never runs out.
fn hold(record: &mut Record, lease: Duration, now: Timestamp) {
    let lease = at_least_a_lease(lease);
    let until = now + lease;
    record.lease_until = Some(until);
    record.longest_lease = record.longest_lease.max(lease);
    record.expires_at = match record.on_stale {
        OnStale::Rerun => evidence_until(until, record.grace),
        OnStale::Park | OnStale::Reconcile => None,
    };
    record.updated_at = now;
}

/// A lease of nothing would make every claim an orphan at birth (R21).
fn at_least_a_lease(lease: Duration) -> Duration {
    lease.max(Duration::from_millis(1))
}

/// Moves a record out of a claim into a state without one.
fn rest(record: &Record, state: State, now: Timestamp) -> Record {
    let mut next = record.clone();
    (next.state, next.format) = (state, state.format());
    next.lease_until = None;
    next.retry_at = None;
    next.completed_at = None;
    next.updated_at = now;
    next.expires_at = match state {
        State::Parked => None,
        _ => evidence_until(now, record.grace),
    };
    next
}

/// Parks where the attempts are used up, else as asked.
fn rest_or_park(record: &Record, state: State, now: Timestamp) -> Record {
    rest(record, if used_up(record) { State::Parked } else { state }, now)
}

/// The record as completed.
fn completed(record: &Record, result: &crate::record::StoredResult, retention: Retention, now: Timestamp) -> Record {
    let mut next = rest(record, State::Completed, now);
    next.result = Some(result.clone());
    next.error = None;
    next.completed_at = Some(now);
    next.expires_at = match retention {
        Retention::For(ttl) => Some(now + ttl),
        Retention::Forever => None,
    };
    next
}
