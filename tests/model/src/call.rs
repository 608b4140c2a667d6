//! A worker's call, as the run pipeline makes it, and the messages between it and the store.

use idem_runtime::record::State;

/// A call of a worker that has a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call {
    /// The name of its claim.
    pub owner: u8,
    /// The name that the claim had before, where a wrong client changes it.
    pub before: Option<u8>,
    /// How far it is.
    pub phase: Phase,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// The claim was first sent at that tick, and may be sent so many times more.
    Asking {
        /// The tick.
        sent: u8,
        /// Times.
        more: u8,
    },
    /// The answer came later than the lease: it is renewed before the body is entered (LEASE-3).
    Confirming {
        /// The claim's fence.
        fence: u64,
    },
    /// It was renewed, and the store is asked under which fence.
    Checking {
        /// The deadline.
        deadline: u8,
    },
    /// The body runs, until the holder's own deadline (LEASE-2).
    Body {
        /// The claim's fence.
        fence: u64,
        /// The deadline.
        deadline: u8,
    },
    /// The body had its effect, and its completion is on its way.
    Completing {
        /// The claim's fence.
        fence: u64,
        /// The deadline.
        deadline: u8,
        /// How many times more it may be sent.
        more: u8,
    },
    /// Another runs: the store is asked again at that tick.
    Waiting {
        /// The tick.
        until: u8,
    },
}

/// A request to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ask {
    /// May the body run?
    Claim {
        /// Whose.
        owner: u8,
    },
    /// The same claim, to hear which fence it has.
    Check {
        /// Whose.
        owner: u8,
    },
    /// More time.
    Renew {
        /// Whose.
        owner: u8,
        /// When it was sent, for the holder's deadline.
        sent: u8,
    },
    /// The result.
    Complete {
        /// Whose.
        owner: u8,
        /// Of which claim.
        fence: u64,
        /// Whether a record that is gone may be written.
        may_restore: bool,
    },
    /// The end without a result.
    Fail {
        /// Whose.
        owner: u8,
        /// How.
        how: How,
    },
}

impl Ask {
    /// Whose request it is.
    pub fn owner(self) -> u8 {
        match self {
            Self::Claim { owner }
            | Self::Check { owner }
            | Self::Renew { owner, .. }
            | Self::Complete { owner, .. }
            | Self::Fail { owner, .. } => owner,
        }
    }
}

/// How a claim ends without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// Free.
    Release,
    /// Free, and no attempt.
    NotStarted,
    /// Set aside.
    Park,
}

/// An answer of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The body may run.
    Claimed {
        /// The fence.
        fence: u64,
        /// The attempt.
        attempt: u8,
    },
    /// Another runs.
    Running {
        /// How many ticks of its lease are left.
        left: u8,
        /// Who.
        by: u8,
    },
    /// Done before, with this result.
    Replay(Option<u8>),
    /// Parked or cancelled.
    Refused,
    /// The claim was used up before.
    Stale,
    /// The claim holds, from the sending.
    Renewed {
        /// When that was.
        sent: u8,
    },
    /// The claim is lost.
    NotRenewed,
    /// This result is kept.
    Kept(Option<u8>),
    /// The claim is lost, and its result with it.
    NotKept,
    /// The record stands so; or the claim was lost before.
    Settled(Option<State>),
}

/// A message under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// To the store.
    Request(Ask),
    /// To the call of this owner.
    Reply {
        /// Whose.
        owner: u8,
        /// What.
        told: Told,
    },
}

/// What a call is told, as far as it matters to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Told {
    /// The body may run, under this fence.
    Claimed(u64),
    /// The claim has this fence, if it is granted still.
    Checked(Option<u64>),
    /// Another runs, for so many ticks.
    Running(u8),
    /// The delivery is over: done before, parked, or cancelled.
    Over,
    /// The claim was used up before.
    Stale,
    /// The renewal of that tick was granted.
    Renewed(u8),
    /// It was not.
    NotRenewed,
    /// The result is kept.
    Kept,
    /// It is not.
    NotKept,
}

impl Told {
    /// Whether a call in this phase waits for such an answer.
    pub fn is_heard_in(self, phase: Phase) -> bool {
        match self {
            Self::Claimed(_) | Self::Running(_) | Self::Over | Self::Stale => matches!(phase, Phase::Asking { .. }),
            Self::Checked(_) => matches!(phase, Phase::Checking { .. }),
            Self::Renewed(_) | Self::NotRenewed => matches!(phase, Phase::Confirming { .. } | Phase::Body { .. }),
            Self::Kept | Self::NotKept => matches!(phase, Phase::Completing { .. }),
        }
    }
}
