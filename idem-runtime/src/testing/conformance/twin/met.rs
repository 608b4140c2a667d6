//! What the acts of a sequence came through.

use super::act::Act;
use crate::clock::Timestamp;
use crate::policy::OnStale;
use crate::record::{Record, State, Status};

/// A record around an act, as the model has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'r> {
    pub(super) before: Option<&'r Record>,
    pub(super) after: Option<&'r Record>,
    pub(super) now: Timestamp,
    /// Whether the act's player was granted a claim that is not the record's any more.
    pub(super) lost: bool,
}

macro_rules! situations {
    ($($situation:ident: $says:literal,)*) => {
        /// A turn of events that a sequence may meet.
        #[derive(Debug, Clone, Copy)]
        enum Situation { $($situation),* }

        const NAMES: &[&str] = &[$($says),*];
    };
}

situations! {
    Takeover: "takeover",
    Reconcile: "takeover to reconcile",
    ParkedStale: "abandoned claim parked",
    LastAttempt: "parked after the last attempt",
    Revival: "lease revived after its end",
    LateCompletion: "completion after the end of the lease",
    LostCompletion: "completion of a lost claim",
    Replay: "result replayed",
    Expiry: "record whose time was over",
    FailureOver: "failure forgotten",
    TicketOver: "ticket that ran out",
    TicketTaken: "ticket taken by a delivery",
    StaleResolved: "abandoned claim resolved",
    ParkedResolved: "parked claim resolved",
}

/// How often each situation was met.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Met([u64; NAMES.len()]);

impl Met {
    pub(in super::super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
    }

    pub(in super::super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        NAMES.iter().copied().zip(self.0)
    }

    pub(super) fn note(&mut self, act: Act, around: Around<'_>) {
        if let Some(situation) = situation(act, around) {
            self.0[situation as usize] += 1;
        }
    }
}

fn situation(act: Act, Around { before, after, now, lost }: Around<'_>) -> Option<Situation> {
    let (before, after) = (before?, after?);
    let (status, became) = (before.status(now), after.state);
    let changed = before != after;
    Some(match act {
        // It is about every key.
        Act::Sweep => return None,
        Act::Claim(_) | Act::Admit(..) if changed && before.state == State::Pending => {
            if status == Status::Is(State::Pending) { Situation::TicketTaken } else { Situation::TicketOver }
        }
        _ if status == Status::Absent => Situation::Expiry,
        Act::Claim(_) | Act::Renew(_) if status == Status::Stale && changed && before.owner == after.owner => {
            if became == State::Parked { parked(before) } else { Situation::Revival }
        }
        Act::Claim(_) if status == Status::Stale && became == State::Running && changed => match before.on_stale {
            OnStale::Reconcile => Situation::Reconcile,
            _ => Situation::Takeover,
        },
        Act::Complete { .. } if status == Status::Stale && became == State::Completed => Situation::LateCompletion,
        Act::Complete { .. } if lost => Situation::LostCompletion,
        Act::Fail(_, how) if changed && became == State::Parked && how != crate::claim::Failure::Park => {
            Situation::LastAttempt
        }
        Act::Claim(_) if status == Status::Is(State::Completed) => Situation::Replay,
        Act::Claim(_) | Act::Admit(..) if changed && before.state == State::Failed => Situation::FailureOver,
        Act::Resolve(..) if changed && status == Status::Stale => Situation::StaleResolved,
        Act::Resolve(..) if changed => Situation::ParkedResolved,
        _ => return None,
    })
}

/// Why an abandoned claim was set aside.
fn parked(before: &Record) -> Situation {
    let used_up = before.max_attempts.is_some_and(|most| before.attempt >= most);
    if used_up { Situation::LastAttempt } else { Situation::ParkedStale }
}
