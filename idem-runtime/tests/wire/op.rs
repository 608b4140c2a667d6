//! What is asked of a store, what it should say, and how things stand afterwards.

use idem_runtime::record::State;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Claim,
    Duplicate,
    Takeover,
    Renew,
    Complete,
    Fail,
    Cancel,
    Clear,
    Resolve,
    Get,
    List,
    Sweep,
}

pub struct Expected {
    pub says: &'static str,
    /// To the same request again, where the first answer was lost. Different only where the protocol says so.
    pub says_again: &'static str,
    pub state: State,
    pub attempt: u32,
    /// To the next claim of the key, by somebody else.
    pub next_claim: &'static str,
}

impl Op {
    pub fn expected(self) -> Expected {
        let (says, state, attempt, next_claim) = match self {
            Self::Claim => ("claimed, attempt 1", State::Running, 1, "running"),
            Self::Duplicate => ("completed done", State::Completed, 1, "completed done"),
            Self::Takeover => ("claimed, attempt 2", State::Running, 2, "running"),
            Self::Renew => ("renewed", State::Running, 1, "running"),
            Self::Complete => ("completed done", State::Completed, 1, "completed done"),
            Self::Fail => ("settled: retryable", State::Retryable, 1, "claimed, attempt 2"),
            Self::Cancel => ("cancelled", State::Cancelled, 1, "cancelled"),
            Self::Clear => ("cleared", State::Cleared, 1, "claimed, attempt 1"),
            Self::Resolve => ("resolved: retryable", State::Retryable, 1, "claimed, attempt 2"),
            Self::Get => ("completed done", State::Completed, 1, "completed done"),
            Self::List => ("1 completed", State::Completed, 1, "completed done"),
            Self::Sweep => ("swept", State::Completed, 1, "completed done"),
        };
        let says_again = match self {
            // PROTO-12: only a parked or abandoned record is resolved, and it is not parked any more.
            Self::Resolve => "not parked: retryable",
            _ => says,
        };
        Expected { says, says_again, state, attempt, next_claim }
    }
}
