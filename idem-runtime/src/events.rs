//! Every event of the library, in one table: `tracing` events with the target `idem`. Keys and tasks are shown, values never.

use std::time::Duration;

use crate::key::Key;
use crate::record::State;
use crate::store::StoreError;

const TARGET: &str = "idem";

/// A job was admitted to its queue.
pub(crate) fn admitted(key: &Key) {
    tracing::debug!(target: TARGET, task = key.task(), %key, "admitted to its queue");
}

/// A claim was granted; the body is about to run.
pub(crate) fn claimed(key: &Key, attempt: u32, fence: u64) {
    tracing::debug!(target: TARGET, task = key.task(), %key, attempt, fence, "claimed");
}

/// A claim whose owner was gone was taken over.
pub(crate) fn taken_over(key: &Key, attempt: u32) {
    tracing::warn!(target: TARGET, task = key.task(), %key, attempt, "took over an abandoned claim");
}

/// A result was kept.
pub(crate) fn completed(key: &Key, attempt: u32) {
    tracing::debug!(target: TARGET, task = key.task(), %key, attempt, "completed");
}

/// The store had forgotten a claim, and its completion was written anew.
pub(crate) fn restored(key: &Key) {
    tracing::warn!(target: TARGET, task = key.task(), %key, "the store had forgotten a running claim; its completion was written anew");
}

/// A duplicate was answered with the kept result.
pub(crate) fn replayed(key: &Key) {
    tracing::debug!(target: TARGET, task = key.task(), %key, "replayed");
}

/// A step was answered with what an earlier attempt remembered of it.
pub(crate) fn step_skipped(key: &Key, step: &str) {
    tracing::debug!(target: TARGET, task = key.task(), %key, step, "the step was taken in an earlier attempt");
}

/// A duplicate waits for a running call.
pub(crate) fn waiting(key: &Key, retry_after: Duration) {
    tracing::debug!(target: TARGET, task = key.task(), %key, ?retry_after, "waiting for a running call");
}

/// A claim ended without a result.
pub(crate) fn released(key: &Key, why: &str) {
    tracing::debug!(target: TARGET, task = key.task(), %key, why, "released");
}

/// A claim ended with a failure that is remembered.
pub(crate) fn remembered(key: &Key, why: &str) {
    tracing::info!(target: TARGET, task = key.task(), %key, why, "failed; the failure is remembered");
}

/// A claim ended, and its record was set aside.
pub(crate) fn parked(key: &Key, why: &str) {
    tracing::warn!(target: TARGET, task = key.task(), %key, why, "set aside for an operator: resolve it");
}

/// A claim that was taken over is asked for its effect.
pub(crate) fn reconciling(key: &Key, attempt: u32) {
    tracing::warn!(target: TARGET, task = key.task(), %key, attempt, "asking what became of an abandoned claim");
}

/// A claim was abandoned, and is asked for once its lease is over.
pub(crate) fn left_to_lease(key: &Key, why: &str) {
    tracing::warn!(target: TARGET, task = key.task(), %key, why, "abandoned; its lease has to run out");
}

/// A holder's lease was over before its body ended.
pub(crate) fn lease_over(key: &Key) {
    tracing::error!(target: TARGET, task = key.task(), %key, "the lease was lost while the body ran; it was stopped");
}

/// The body ended, and the claim was somebody else's by then: its result was refused.
pub(crate) fn refused(key: &Key, found: Option<State>) {
    let found = found.map_or("absent", State::as_str);
    tracing::error!(target: TARGET, task = key.task(), %key, found, "the body ran, and its completion was refused: the claim was lost");
}

/// The body ended, and the store could not be told.
pub(crate) fn unrecorded(key: &Key, error: &StoreError) {
    tracing::error!(target: TARGET, task = key.task(), %key, %error, "the body ran, and its completion could not be recorded; a later delivery may run it again");
}

/// The body is about to run without a claim.
pub(crate) fn unprotected(key: &Key, error: &StoreError) {
    tracing::warn!(target: TARGET, task = key.task(), %key, %error, "running unprotected: the store is away");
}

/// A call of a task in shadow runs that would not have.
pub(crate) fn shadowed(key: &Key, why: &str) {
    tracing::warn!(target: TARGET, task = key.task(), %key, why, "in shadow: it would not have run, and runs");
}

/// A result was not kept although the task keeps results.
pub(crate) fn result_dropped(key: &Key, reason: &str) {
    tracing::error!(target: TARGET, task = key.task(), %key, reason, "completed without its result");
}

/// A heartbeat got no answer; it is sent again.
pub(crate) fn beat_missed(key: &Key) {
    tracing::warn!(target: TARGET, task = key.task(), %key, "a heartbeat got no answer");
}

/// A dropped call's claim could not be settled; its lease runs out instead.
pub(crate) fn abandoned(key: &Key) {
    tracing::warn!(target: TARGET, task = key.task(), %key, "a dropped call could not be settled; its lease has to run out");
}

/// The keeper cannot work.
pub(crate) fn keeper_failed(reason: &str) {
    tracing::error!(target: TARGET, reason, "the keeper of the heartbeats cannot reach its store");
}

/// A runtime was shut down; so many calls still run, and so many claims are not settled.
pub(crate) fn shut_down(calls: usize, unsettled: usize) {
    if calls == 0 && unsettled == 0 {
        tracing::info!(target: TARGET, "shut down; nothing of this runtime is under way");
    } else {
        tracing::warn!(target: TARGET, calls, unsettled, "the deadline of the shutdown is over; what still runs is left to its lease");
    }
}

/// A sweep failed; the next one is tried in its time.
pub(crate) fn sweep_failed(error: &crate::error::Error) {
    tracing::warn!(target: TARGET, %error, "a sweep failed");
}
