//! One thing done to the store and its model.

use std::time::Duration;

use super::text::TEN;
use crate::claim::Failure;
use crate::policy::{OnStale, Retention};

/// What a claim says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Policy {
    pub(in super::super) lease: Duration,
    pub(in super::super) on_stale: OnStale,
    pub(in super::super) max_attempts: Option<u32>,
    pub(in super::super) grace: Retention,
    pub(in super::super) argument: Option<&'static str>,
}

impl Policy {
    /// Runs again, as often as it must, and says its arguments.
    pub(in super::super) fn plain(lease: Duration) -> Self {
        let (max_attempts, grace) = (None, Retention::For(Duration::ZERO));
        Self { lease, on_stale: OnStale::Rerun, max_attempts, grace, argument: Some(TEN) }
    }
}

/// An operator's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Word {
    Completed,
    Retry,
    Cancel,
}

/// One step, said and read by `text`. Numbers are those of players and keys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Act {
    /// The player is somebody new, who means this key.
    Fresh {
        player: usize,
        key: usize,
        policy: Policy,
    },
    Claim(usize),
    /// By the player's ticket, for so long.
    Admit(usize, Duration),
    Renew(usize),
    Complete {
        player: usize,
        result: u8,
        ttl: Retention,
        may_restore: bool,
        older: bool,
    },
    Fail(usize, Failure),
    Cancel(usize),
    Clear {
        key: usize,
        force: bool,
    },
    Resolve(usize, Word),
    Sweep,
    Pass(Duration),
}

impl Act {
    /// A completion as it is meant to be: with the fence of the claim, of a record that is there.
    pub(in super::super) fn complete(player: usize) -> Self {
        Self::Complete {
            player,
            result: 1,
            ttl: Retention::For(Duration::from_secs(3_600)),
            may_restore: false,
            older: false,
        }
    }
}
