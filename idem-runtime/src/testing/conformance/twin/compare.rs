//! Two answers in the same words: fences as the model counts them, times as exactly as the clock allows.

use std::collections::HashMap;
use std::time::Duration;

use crate::claim::{AdmitVerdict, ClaimVerdict, ClearVerdict, CompleteVerdict, Previous};
use crate::clock::Timestamp;
use crate::record::{Record, State};

/// The fences that the store gave for one key, by the model's. A store may count as it likes, if only upward.
#[derive(Debug, Default)]
pub(super) struct Fences {
    to_store: HashMap<u64, u64>,
    to_model: HashMap<u64, u64>,
    /// The record was written anew: its fence is the caller's, or a higher one that the store still remembered.
    pub(super) restored: bool,
}

impl Fences {
    /// A claim was granted by both. The same claim again has the same fence, a new one a higher fence than all before.
    pub(super) fn granted(&mut self, model: u64, store: u64) -> Result<(), String> {
        self.restored = false;
        match self.to_store.get(&model) {
            Some(before) if *before == store => Ok(()),
            Some(before) => Err(format!("the same claim has fence {store}, before it had {before}")),
            None => {
                let highest = self.to_model.keys().copied().max().unwrap_or(0);
                self.learn(model, store);
                if store > highest {
                    return Ok(());
                }
                Err(format!("a new claim has fence {store}, an earlier one had {highest}"))
            }
        }
    }

    /// The caller made the fence up, so it is the same on both sides.
    pub(super) fn learn(&mut self, model: u64, store: u64) {
        self.to_store.insert(model, store);
        self.to_model.insert(store, model);
    }
}

/// One side's way to say things.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    /// The store's fences, said as the model's; the model's own need no translation.
    pub(super) fences: Option<&'a Fences>,
    /// Whether the record was written anew.
    pub(super) restored: bool,
    /// Whether both sides live by one clock.
    pub(super) exact: bool,
}

impl Words<'_> {
    pub(super) fn claim(&self, verdict: &ClaimVerdict, again: bool) -> String {
        match verdict {
            ClaimVerdict::Claimed(claimed) => {
                let (fence, left) = (self.fence(claimed.fence), self.left(Some(claimed.lease_left)));
                // The record does not remember what the first sending took over.
                let previous = claimed.previous.filter(|_| !again);
                let previous = previous.map(|Previous { attempt, fence, .. }| (attempt, self.fence(fence)));
                format!("Claimed(attempt {}, fence {fence}, lease left {left}, previous {previous:?})", claimed.attempt)
            }
            ClaimVerdict::Running { lease_left, record } => {
                format!("Running(lease left {}; {})", self.left(*lease_left), self.record(record))
            }
            ClaimVerdict::Completed(record) => format!("Completed({})", self.record(record)),
            ClaimVerdict::Failed(record) => format!("Failed({})", self.record(record)),
            ClaimVerdict::Parked(record) => format!("Parked({})", self.record(record)),
            ClaimVerdict::Cancelled(record) => format!("Cancelled({})", self.record(record)),
            ClaimVerdict::Stale => "Stale".into(),
            ClaimVerdict::Mismatch { arguments } => format!("Mismatch({arguments:?})"),
        }
    }

    pub(super) fn admit(&self, verdict: &AdmitVerdict) -> String {
        match verdict {
            AdmitVerdict::Admitted => "Admitted".into(),
            AdmitVerdict::Queued { left, record } => {
                format!("Queued(left {}; {})", self.left(Some(*left)), self.record(record))
            }
            AdmitVerdict::Running { lease_left, record } => {
                format!("Running(lease left {}; {})", self.left(*lease_left), self.record(record))
            }
            AdmitVerdict::Completed(record) => format!("Completed({})", self.record(record)),
            AdmitVerdict::Failed(record) => format!("Failed({})", self.record(record)),
            AdmitVerdict::Unknown(record) => format!("Unknown({})", self.record(record)),
            AdmitVerdict::Cancelled(record) => format!("Cancelled({})", self.record(record)),
            AdmitVerdict::Stale => "Stale".into(),
            AdmitVerdict::Mismatch { arguments } => format!("Mismatch({arguments:?})"),
        }
    }

    pub(super) fn complete(&self, verdict: &CompleteVerdict) -> String {
        match verdict {
            CompleteVerdict::Completed { record, restored } => {
                format!("Completed(restored {restored}; {})", self.record(record))
            }
            CompleteVerdict::LeaseLost(found) => format!("LeaseLost({found:?})"),
        }
    }

    pub(super) fn clear(&self, verdict: ClearVerdict) -> String {
        match verdict {
            ClearVerdict::InProgress(left) => format!("InProgress(lease left {})", self.left(left)),
            other => format!("{other:?}"),
        }
    }

    fn left(&self, left: Option<Duration>) -> String {
        match left {
            None => "unlimited".into(),
            Some(left) if self.exact => format!("{} ms", left.as_millis()),
            Some(left) if left.is_zero() => "nothing".into(),
            Some(_) => "some".into(),
        }
    }

    fn fence(&self, fence: u64) -> String {
        let Some(fences) = self.fences else { return fence.to_string() };
        fences.to_model.get(&fence).map_or_else(|| format!("{fence} of the store's"), ToString::to_string)
    }

    fn time(&self, time: Option<Timestamp>) -> String {
        match time {
            None => "never".into(),
            Some(time) if self.exact => format!("{} ms", time.as_micros() / 1_000),
            Some(_) => "a time".into(),
        }
    }

    pub(super) fn record(&self, record: &Record) -> String {
        // A record that no claim was granted on holds nobody's fence; whether it remembers an older one depends on sweeps.
        let fence = if record.attempt == 0 || self.restored { "of nobody".into() } else { self.fence(record.fence) };
        // Why a claim was parked may be said in other words.
        let error = match record.state {
            State::Parked => record.error.as_ref().map(|_| "a reason"),
            _ => record.error.as_deref(),
        };
        // What a tombstone remembers of arguments is compared with nothing.
        let fingerprint = record.fingerprint.as_ref().filter(|_| record.state != State::Cleared);
        format!(
            "{} of {:?}, fence {fence}, attempt {}, lease until {}, longest lease {:?}, fingerprint {:?}, by {:?}, \
             on_stale {:?}, max_attempts {:?}, grace {:?}, result {:?}, error {error:?}, retry at {}, created {}, \
             updated {}, completed {}, expires {}",
            record.state,
            record.owner,
            record.attempt,
            self.time(record.lease_until),
            record.longest_lease,
            fingerprint.map(|fingerprint| fingerprint.bytes().len()),
            record.holder.trace,
            record.on_stale,
            record.max_attempts,
            record.grace,
            record.result,
            self.time(record.retry_at),
            self.time(Some(record.created_at)),
            self.time(Some(record.updated_at)),
            self.time(record.completed_at),
            self.time(record.expires_at),
        )
    }
}

/// The first time of a record that is off by more than this, where the clocks of both sides are nearly one. When a record
/// was updated last is left out: a store need not write a renewal into it.
pub(super) fn times_apart(found: &Record, expected: &Record, most: Duration) -> Option<String> {
    let times = |record: &Record| {
        [
            ("lease until", record.lease_until),
            ("retry at", record.retry_at),
            ("created", Some(record.created_at)),
            ("completed", record.completed_at),
            ("expires", record.expires_at),
        ]
    };
    times(found).into_iter().zip(times(expected)).find_map(|((name, found), (_, expected))| {
        let (found, expected) = (found?, expected?);
        let off = found.since(expected).max(expected.since(found));
        (off > most).then(|| format!("{name} {found}, expected {expected}, at most {} ms apart", most.as_millis()))
    })
}

/// Where two texts part, with a little around it: records are long.
pub(super) fn apart(found: &str, expected: &str) -> Option<String> {
    if found == expected {
        return None;
    }
    if found.len().max(expected.len()) < 160 {
        return Some(format!("found {found}, expected {expected}"));
    }
    let (found, expected): (Vec<_>, Vec<_>) = (found.split(", ").collect(), expected.split(", ").collect());
    let differ = found.iter().zip(&expected).find(|(found, expected)| found != expected);
    let (left, right) = differ.unwrap_or((&"more or fewer parts", &"as many parts"));
    Some(format!("found {left}, expected {right} (in {})", expected.first().unwrap_or(&"")))
}
