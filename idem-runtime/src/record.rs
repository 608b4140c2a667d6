//! The stored row: everything a store remembers about one key.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::key::{Fingerprint, Key};
use crate::policy::{OnStale, Retention};
use crate::sync::rand;

/// The highest version of the record's meaning that this library can read. It writes each record in the lowest that can
/// say what it says, so that processes of an older version read whatever they could have written.
pub const RECORD_FORMAT: u16 = 2;

/// The version that has all states but [`State::Pending`].
const FIRST_FORMAT: u16 = 1;

/// Sixteen random bytes, made by the client before it asks: the name of one claim. Never one per process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner([u8; 16]);

impl Owner {
    /// The owner of a record that an operator wrote; no claim has it.
    pub const NOBODY: Self = Self([0; 16]);

    /// A new owner, from the process's cryptographic generator.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// The owner spelled by these bytes, as a store kept them.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes a store keeps.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owner(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Who made a claim: for people who look at a record that blocks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holder {
    /// The machine's name.
    pub host: String,
    /// The operating system's process id.
    pub process: u32,
    /// A trace id of the caller's, where it gave one.
    pub trace: Option<String>,
}

/// Where a record stands. How time bears on it is said by [`Record::status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Admitted to a queue; no delivery of it has claimed the key yet.
    Pending,
    /// Claimed; its body runs, or its owner is gone.
    Running,
    /// Free to be claimed again; attempt and fence go on from here.
    Retryable,
    /// Done; its result is replayed.
    Completed,
    /// Failed, and the failure is remembered until [`Record::retry_at`].
    Failed,
    /// Set aside for an operator: whether the effect took place is not known.
    Parked,
    /// Refused for later deliveries.
    Cancelled,
    /// Forgotten on purpose: as absent, but a late completion cannot write over it.
    Cleared,
}

impl State {
    /// The name a store keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Retryable => "retryable",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Parked => "parked",
            Self::Cancelled => "cancelled",
            Self::Cleared => "cleared",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Pending, Self::Running, Self::Retryable, Self::Completed, Self::Failed];
        let all = all.into_iter().chain([Self::Parked, Self::Cancelled, Self::Cleared]);
        all.into_iter().find(|state| state.as_str() == name)
    }

    /// The version of the record's meaning that has this state.
    pub(crate) const fn format(self) -> u16 {
        match self {
            Self::Pending => 2,
            _ => FIRST_FORMAT,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a completed record holds.
#[derive(Clone, PartialEq, Eq)]
pub enum StoredResult {
    /// An envelope: format version, codec and bytes (`codec`).
    Envelope(Arc<[u8]>),
    /// The call completed, but its result was not kept; the text says why.
    Absent(Arc<str>),
}

/// Shows the size, never the bytes: a result may be personal data.
impl fmt::Debug for StoredResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope(bytes) => write!(f, "Envelope({} bytes)", bytes.len()),
            Self::Absent(reason) => write!(f, "Absent({reason})"),
        }
    }
}

/// Everything a store remembers about one key. All times are the store's own clock.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// The key, with its readable form.
    pub key: Key,
    /// Where the record stands.
    pub state: State,
    /// The owner of the last claim; kept after it ended, so that its late messages are recognised. Of a pending record the
    /// ticket that admitted it. [`Owner::NOBODY`] where an operator wrote the record or its result.
    pub owner: Owner,
    /// The fencing token of the last claim: grows strictly with every claim of the key.
    pub fence: u64,
    /// How many claims of this piece of work there were, from 1.
    pub attempt: u32,
    /// Until when the claim is held. A running record without one is held until its owner ends it.
    pub lease_until: Option<Timestamp>,
    /// The longest lease granted on the key: how long a clearing must be remembered.
    pub longest_lease: Duration,
    /// What the arguments were, where the key does not say it (an explicit key).
    pub fingerprint: Option<Fingerprint>,
    /// Who made the last claim.
    pub holder: Arc<Holder>,
    /// What becomes of the claim when its owner is gone, as the claim itself said.
    pub on_stale: OnStale,
    /// After how many attempts the record parks, as the claim itself said.
    pub max_attempts: Option<u32>,
    /// How long evidence (attempt, fence, owner) is kept once nothing holds the record.
    pub grace: Retention,
    /// The result, once completed.
    pub result: Option<StoredResult>,
    /// The message of the last failure.
    pub error: Option<Arc<str>>,
    /// Until when a stored failure is remembered, or an admitted job is expected.
    pub retry_at: Option<Timestamp>,
    /// When the key was first claimed, or admitted.
    pub created_at: Timestamp,
    /// When the record last changed.
    pub updated_at: Timestamp,
    /// When the call completed. Of a pending record when its ticket was kept: from then on the job is in the queue.
    pub completed_at: Option<Timestamp>,
    /// From when on the record is absent; never, where `None`.
    pub expires_at: Option<Timestamp>,
    /// The version of the record's meaning ([`RECORD_FORMAT`]).
    pub format: u16,
}

/// Where a record stands at a time: [`State`], with the lease taken into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// As the state says.
    Is(State),
    /// Running, and its lease is over: the owner is gone or late.
    Stale,
    /// Its time is over: as if it had never been.
    Absent,
}

impl Record {
    /// A record of nothing yet, for a store that reads one back: fill in what was kept.
    pub fn new(key: Key, owner: Owner, now: Timestamp) -> Self {
        Self {
            key,
            state: State::Retryable,
            owner,
            fence: 0,
            attempt: 0,
            lease_until: None,
            longest_lease: Duration::ZERO,
            fingerprint: None,
            holder: Arc::default(),
            on_stale: OnStale::Rerun,
            max_attempts: None,
            grace: Retention::Forever,
            result: None,
            error: None,
            retry_at: None,
            created_at: now,
            updated_at: now,
            completed_at: None,
            expires_at: None,
            format: FIRST_FORMAT,
        }
    }

    /// Where the record stands at `now`, by the clock of the store that keeps it.
    pub fn status(&self, now: Timestamp) -> Status {
        if self.expires_at.is_some_and(|end| end <= now) {
            return Status::Absent;
        }
        match self.state {
            State::Running if self.lease_until.is_some_and(|end| end <= now) => Status::Stale,
            State::Failed | State::Pending if self.retry_at.is_some_and(|end| end <= now) => {
                Status::Is(State::Retryable)
            }
            state => Status::Is(state),
        }
    }

    /// How much of the lease is left at `now`; `None` where the claim has no deadline.
    pub fn lease_left(&self, now: Timestamp) -> Option<Duration> {
        self.lease_until.map(|end| end.since(now))
    }
}
