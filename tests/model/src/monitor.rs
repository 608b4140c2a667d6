//! What an observer knows who sees every request and answer in order: the rules are judged by it, not by the record.

use idem_runtime::record::State;

use crate::call::{Answer, Ask, How};
use crate::row::Row;

/// A rule that a run broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// PROTO-3: a claim had a fence that is not higher than every one before it.
    FenceGrows,
    /// PROTO-4: a claim that was sent again was answered otherwise, or kept out by itself.
    RepeatedClaim,
    /// PROTO-5: a claim was granted after its own end.
    LateClaim,
    /// PROTO-8: a completion was accepted of a claim that was lost.
    LostCompletes,
    /// PROTO-2, PROTO-14: a completed key answered another value, or ran again.
    OneValue,
    /// PROTO-9: a claim was ended by another.
    EndedByAnother,
    /// PROTO-9: an attempt was counted that was none, or twice.
    Attempts,
    /// PROTO-6: a body was entered again though nobody knows what became of the one before.
    ParkReruns,
    /// LEASE-3: a body was entered without a claim that the store holds for it.
    EnteredUnheld,
}

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Seen {
    /// The last claim that was granted, until it ended: owner and fence.
    pub current: Option<(u8, u64)>,
    /// The highest fence.
    pub top: u64,
    /// Attempts that count.
    pub attempts: u8,
    /// The last owner whose claim ended.
    pub used: Option<u8>,
    /// The value that was first said to be kept.
    pub value: Option<u8>,
    /// Under park, the bodies that were entered and of which no end is known.
    pub unknown: u8,
    /// The first rule that was broken.
    pub broken: Option<Rule>,
}

impl Seen {
    /// A rule was broken.
    pub fn breaks(&mut self, rule: Rule) {
        self.broken = self.broken.or(Some(rule));
    }

    fn holds(&mut self, holds: bool, rule: Rule) {
        if !holds {
            self.breaks(rule);
        }
    }

    /// The store answered a request; `before` and `after` are its record.
    pub fn witness(&mut self, ask: Ask, answer: Answer, before: Option<Row>, after: Option<Row>) {
        match (ask, answer) {
            (Ask::Claim { owner } | Ask::Check { owner }, Answer::Claimed { fence, attempt }) => {
                self.granted(owner, fence, attempt)
            }
            (Ask::Claim { owner } | Ask::Check { owner }, Answer::Running { by, .. }) => {
                self.holds(by != owner, Rule::RepeatedClaim);
            }
            (Ask::Claim { .. } | Ask::Check { .. }, Answer::Replay(value)) => {
                self.holds(value.is_some() && value == self.value, Rule::OneValue);
            }
            (Ask::Complete { owner, fence, .. }, Answer::Kept(value)) => self.kept(owner, fence, value),
            (Ask::Fail { owner, how }, Answer::Settled(settled)) => {
                let held = before.filter(|row| row.state == State::Running && row.owner != owner);
                self.holds(held.is_none_or(|_| before == after), Rule::EndedByAnother);
                self.settled(owner, how, settled);
            }
            _ => {}
        }
    }

    fn granted(&mut self, owner: u8, fence: u64, attempt: u8) {
        if let Some((holder, held)) = self.current
            && holder == owner
        {
            return self.holds(held == fence && attempt == self.attempts, Rule::RepeatedClaim);
        }
        self.holds(self.value.is_none(), Rule::OneValue);
        self.holds(self.used != Some(owner), Rule::LateClaim);
        self.holds(fence > self.top, Rule::FenceGrows);
        self.holds(attempt == self.attempts + 1, Rule::Attempts);
        self.current = Some((owner, fence));
        self.top = self.top.max(fence);
        self.attempts = attempt;
        self.used = None;
    }

    fn kept(&mut self, owner: u8, fence: u64, value: Option<u8>) {
        self.holds(value == Some(owner), Rule::LostCompletes);
        match self.value {
            None => {
                self.holds(self.current == Some((owner, fence)), Rule::LostCompletes);
                (self.value, self.current) = (value, None);
            }
            Some(_) => self.holds(value == self.value, Rule::OneValue),
        }
    }

    fn settled(&mut self, owner: u8, how: How, settled: Option<State>) {
        if settled == Some(State::Retryable) {
            self.used = Some(owner);
        }
        if settled.is_some() && self.current.is_some_and(|(holder, _)| holder == owner) {
            self.current = None;
            self.attempts -= u8::from(how == How::NotStarted && settled == Some(State::Retryable));
        }
    }

    /// A body is entered; `held` says whether the store holds the claim for it.
    pub fn entered(&mut self, parks: bool, held: bool) {
        self.holds(held, Rule::EnteredUnheld);
        if parks {
            self.unknown += 1;
            self.holds(self.unknown == 1, Rule::ParkReruns);
        }
    }

    /// A body returned an error: what became of it is known.
    pub fn failed(&mut self, parks: bool) {
        self.unknown -= u8::from(parks);
    }
}
