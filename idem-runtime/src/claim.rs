//! What is asked of a store, and what it may answer.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::key::{Fingerprint, Key};
use crate::policy::{OnStale, Retention};
use crate::record::{Holder, Owner, Record, State, StoredResult};

/// Asks for the right to run the body of a key.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// The key.
    pub key: Key,
    /// The name of this claim, made before it is sent.
    pub owner: Owner,
    /// How long the claim holds without a renewal.
    pub lease: Duration,
    /// The arguments' fingerprint, where the key does not determine them.
    pub fingerprint: Option<Fingerprint>,
    /// Who asks.
    pub holder: Arc<Holder>,
    /// What becomes of the claim when its owner is gone.
    pub on_stale: OnStale,
    /// After how many attempts the record parks.
    pub max_attempts: Option<u32>,
    /// How long evidence is kept once nothing holds the record; no less than a day is kept.
    pub grace: Retention,
}

/// What a store answers to a claim.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClaimVerdict {
    /// The claim is granted: the body may run.
    Claimed(Claimed),
    /// Another owner holds it.
    Running {
        /// Until when, from now; `None` where the claim has no deadline.
        lease_left: Option<Duration>,
        /// The record, for who and since when.
        record: Arc<Record>,
    },
    /// Done before: here is the record with its result.
    Completed(Arc<Record>),
    /// Failed before, and the failure is remembered.
    Failed(Arc<Record>),
    /// Set aside for an operator.
    Parked(Arc<Record>),
    /// Refused: cancelled.
    Cancelled(Arc<Record>),
    /// This owner claimed before and gave the claim up: the request came late and claims nothing.
    Stale,
    /// The key is known with other arguments.
    Mismatch {
        /// The names of the arguments that differ.
        arguments: Vec<String>,
    },
}

/// A granted claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// The fencing token: higher than that of every earlier claim of the key.
    pub fence: u64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How much of the lease is left, by the store's clock.
    pub lease_left: Duration,
    /// When the claim was made, by the store's clock.
    pub at: Timestamp,
    /// When the first attempt of this piece of work was claimed, by the store's clock.
    pub began: Timestamp,
    /// The abandoned claim that this one took over, where it did.
    pub previous: Option<Previous>,
}

/// An abandoned claim that was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Previous {
    /// Its attempt.
    pub attempt: u32,
    /// Its fencing token.
    pub fence: u64,
    /// When the key was first claimed, by the store's clock.
    pub created_at: Timestamp,
    /// When its lease was over, by the store's clock.
    pub lease_until: Timestamp,
}

/// Asks whether a job is to be enqueued, and that others not be told so too.
#[derive(Debug, Clone)]
pub struct AdmitRequest {
    /// The key that the job's call will have.
    pub key: Key,
    /// The name of this admission, made before it is sent. It is never the owner of a claim.
    pub ticket: Owner,
    /// How long the key stays pending for this ticket, unless a delivery claims it or the ticket is renewed.
    pub hold: Duration,
    /// The arguments' fingerprint, where the key does not determine them.
    pub fingerprint: Option<Fingerprint>,
    /// Who asks.
    pub holder: Arc<Holder>,
    /// How long evidence is kept of a ticket that is given back; no less than a day is kept.
    pub grace: Retention,
}

/// What a store answers to the question whether a job is to be enqueued.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AdmitVerdict {
    /// It is this caller's to enqueue: the key is pending, for this ticket.
    Admitted,
    /// It was admitted for another ticket, and no delivery of it has claimed the key yet. Whether it is in the queue, the
    /// record's [`completed_at`](Record::completed_at) says.
    Queued {
        /// For how much longer it is expected.
        left: Duration,
        /// The record, for who and since when.
        record: Arc<Record>,
    },
    /// A delivery of it is running.
    Running {
        /// How much is left of its lease; `None` where the claim has no deadline.
        lease_left: Option<Duration>,
        /// The record, for who and since when.
        record: Arc<Record>,
    },
    /// Done before: here is the record with its result.
    Completed(Arc<Record>),
    /// Failed before, and the failure is remembered.
    Failed(Arc<Record>),
    /// What became of it is not known, and it must not be run again unasked: set aside for an operator, or its owner gone
    /// and its claim not one to be simply taken over.
    Unknown(Arc<Record>),
    /// Refused: cancelled.
    Cancelled(Arc<Record>),
    /// This ticket was given back, or forgotten, before: the request came late and admits nothing.
    Stale,
    /// The key is known with other arguments.
    Mismatch {
        /// The names of the arguments that differ.
        arguments: Vec<String>,
    },
}

/// Asks for more time on a claim, or on a ticket.
#[derive(Debug, Clone)]
pub struct RenewRequest {
    /// The key.
    pub key: Key,
    /// The claim, or the ticket.
    pub owner: Owner,
    /// How long it holds from now.
    pub lease: Duration,
}

/// What a store answers to a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewVerdict {
    /// The claim holds for its lease from now; the ticket at least as long.
    Renewed,
    /// The claim is not this owner's any more; the state found, where there is a record.
    LeaseLost(Option<State>),
}

/// Ends a claim with a result.
#[derive(Debug, Clone)]
pub struct CompleteRequest {
    /// The claim as it was made; a record that the store forgot is written from it.
    pub claim: Arc<ClaimRequest>,
    /// The claim's fencing token.
    pub fence: u64,
    /// The claim's attempt.
    pub attempt: u32,
    /// The result.
    pub result: StoredResult,
    /// How long the completed record is kept.
    pub retention: Retention,
    /// Whether a record that the store forgot may be written: only before the holder's own deadline.
    pub may_restore: bool,
}

/// What a store answers to a completion.
#[derive(Debug, Clone)]
pub enum CompleteVerdict {
    /// The result is kept, now or by an earlier sending of the same completion.
    Completed {
        /// The record as it stands.
        record: Arc<Record>,
        /// The store had forgotten the claim, and the record was written anew.
        restored: bool,
    },
    /// The claim is not this owner's any more; the state found, where there is a record.
    LeaseLost(Option<State>),
}

/// Ends a claim without a result.
#[derive(Debug, Clone)]
pub struct FailRequest {
    /// The claim as it was made.
    pub claim: Arc<ClaimRequest>,
    /// What becomes of the record.
    pub how: Failure,
    /// What went wrong, for people.
    pub error: Option<Arc<str>>,
}

/// What becomes of a record whose claim ends without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Free at once; the attempt counts.
    Release,
    /// Free at once; the body was never entered, so the attempt does not count.
    NotStarted,
    /// The failure is remembered for this long.
    Store(Duration),
    /// Set aside for an operator.
    Park,
}

/// What a store answers to a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailVerdict {
    /// The record stands so.
    Settled(State),
    /// The claim is not this owner's any more; the state found.
    LeaseLost(State),
}

/// Asks that later deliveries of a key be refused.
#[derive(Debug, Clone)]
pub struct CancelRequest {
    /// The key.
    pub key: Key,
    /// How long the refusal is kept; no less than a day.
    pub grace: Retention,
}

/// What a store answers to a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelVerdict {
    /// Later deliveries are refused.
    Cancelled,
    /// Too late: the call had completed.
    AlreadyCompleted,
}

/// What a store answers when it is told to forget a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearVerdict {
    /// Forgotten: the next delivery runs.
    Cleared,
    /// There was nothing to forget.
    Absent,
    /// A live claim is not cleared unless forced; how much of its lease is left.
    InProgress(Option<Duration>),
}

/// An operator's word on a parked record.
#[derive(Debug, Clone)]
pub enum ResolveRequest {
    /// The effect took place: this is its result, kept for this long.
    Completed(StoredResult, Retention),
    /// It did not: the next delivery runs.
    Retry,
    /// It is to be refused from now on.
    Cancel,
}

/// What a store answers to a resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveVerdict {
    /// The record stands so.
    Resolved(State),
    /// Only a parked or abandoned record is resolved; the state found, where there is a record.
    NotParked(Option<State>),
}
