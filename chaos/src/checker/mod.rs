//! Judges a history: pure, and told nothing of how the history came about.
//!
//! What it holds the stores to are the guarantees of the README: replies are equal, nothing is lost, no body is entered
//! after a recorded completion, bodies meet only where the holder outlived its lease, and then the fences tell them apart. One
//! thing no store promises: what a Redis told a duplicate in the time before it died for good, when its replica heard no more.

mod faults;
mod keys;
mod rules;
mod takeover;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;

use self::faults::Faults;
use self::keys::Keys;
pub use self::takeover::Takeovers;
use crate::history::{Event, Trouble, What};
use crate::wire::Answer;

/// What a history is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub lease: Duration,
    /// All workers lock one file, which a stopped one may hold.
    pub one_file: bool,
}

/// What must not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Rule {
    /// A delivery was never answered.
    Lost,
    /// Two deliveries of one key were answered differently, or with the result of a run that did not come to its end.
    Unequal,
    /// A body was entered after a completion of its key was acknowledged.
    AfterCompletion,
    /// Two bodies of one key met, and the fence does not tell which is the later.
    Overlap,
    /// A process that was not stopped went on in its body after another had taken its claim over.
    PastItsLease,
    /// The attempts of a key do not rise.
    Attempts,
    /// An effect was taken twice.
    SecondEffect,
    /// A key is completed, and its effect is not there.
    NoEffect,
    /// Work that is set aside when it is abandoned was run again.
    RanSetAside,
    /// An answer that nothing here explains.
    Unexplained,
    /// A worker ended, and nobody had killed it.
    Died,
    /// Of the takeovers that nothing disturbed, one in a hundred took longer than the lease and a second.
    Takeover,
}

/// A rule that was broken, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub rule: Rule,
    pub key: Option<u64>,
    pub says: String,
}

/// What was counted.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub keys: u64,
    pub copies: u64,
    pub deliveries: u64,
    /// Those of a copy that had been delivered before.
    pub redelivered: u64,
    pub kills: u64,
    pub pauses_past_lease: u64,
    pub restarts: u64,
    pub promotions: u64,
    pub network_faults: u64,
    pub full: u64,
    pub bodies: u64,
    pub effects: u64,
    pub effects_refused: u64,
    pub rows: u64,
    pub fresh: u64,
    pub replayed: u64,
    pub set_aside: u64,
    /// Duplicates that were told a result which died with its server.
    pub forgotten: usize,
    pub answered_again: u64,
    pub takeovers: Takeovers,
}

/// What the checker says.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    pub figures: Figures,
    pub violations: Vec<Violation>,
}

/// Judges a history, which is in the order of its times.
pub fn judge(history: &[Event], bounds: Bounds) -> Verdict {
    let faults = Faults::of(history);
    let keys = Keys::of(history, &faults);
    let takeovers = takeover::measure(&keys, &faults, bounds);
    let mut violations = rules::check(&keys, &faults);
    for event in history {
        if let What::Died { process } = event.what {
            violations.push(Violation { rule: Rule::Died, key: None, says: format!("process {process}") });
        }
    }
    if let Some(says) = takeovers.too_long(bounds) {
        violations.push(Violation { rule: Rule::Takeover, key: takeovers.longest_key, says });
    }
    violations.sort_by_key(|violation| (violation.rule, violation.key));
    let forgotten = keys.iter().map(|(_, key)| key.forgotten()).sum();
    Verdict { figures: Figures { takeovers, forgotten, ..figures(history, &faults, bounds) }, violations }
}

fn figures(history: &[Event], faults: &Faults, bounds: Bounds) -> Figures {
    let mut figures = Figures { pauses_past_lease: faults.pauses_past(bounds.lease), ..Figures::default() };
    let mut delivered = HashSet::new();
    for event in history {
        let counted = match &event.what {
            What::Owed { copies, .. } => {
                figures.copies += u64::from(*copies);
                &mut figures.keys
            }
            What::Sent { copy, .. } => {
                figures.redelivered += u64::from(!delivered.insert(copy));
                &mut figures.deliveries
            }
            What::Killed { .. } => &mut figures.kills,
            What::Trouble { kind: Trouble::Restart, .. } => &mut figures.restarts,
            What::Trouble { kind: Trouble::Promotion, .. } => &mut figures.promotions,
            What::Trouble { kind: Trouble::Network, .. } => &mut figures.network_faults,
            What::Trouble { kind: Trouble::Full, .. } => &mut figures.full,
            What::Entered { .. } => &mut figures.bodies,
            What::Effect { accepted: true, .. } => &mut figures.effects,
            What::Effect { accepted: false, .. } => &mut figures.effects_refused,
            What::Row { .. } => &mut figures.rows,
            What::Answered { answer, .. } => match answer {
                Answer::Fresh { .. } => &mut figures.fresh,
                Answer::Replayed { .. } => &mut figures.replayed,
                Answer::SetAside => &mut figures.set_aside,
                Answer::Again(_) => &mut figures.answered_again,
                // A violation, which says more than a figure.
                Answer::Unprotected { .. } | Answer::Wrong(_) => continue,
            },
            What::Exited { .. } | What::Dropped { .. } | What::Died { .. } | What::TroubleOver { .. } => continue,
            What::Paused { .. } | What::Resumed { .. } => continue,
        };
        *counted += 1;
    }
    figures
}
