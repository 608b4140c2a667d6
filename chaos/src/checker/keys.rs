//! The history of each key.

use std::collections::HashMap;

use super::faults::Faults;
use crate::history::{COPIES, Event, What};
use crate::time::Micros;
use crate::wire::{Answer, Policy};

/// One entry of a body.
#[derive(Debug)]
pub struct Run {
    pub number: u64,
    pub process: u32,
    pub attempt: u32,
    pub fence: Option<u64>,
    pub entered: Micros,
    /// When it came to its end, and whether well.
    pub exited: Option<(Micros, bool)>,
    pub dropped: Option<Micros>,
}

impl Run {
    /// When nothing of the body went on any more.
    pub fn over(&self, faults: &Faults) -> Micros {
        let exited = self.exited.map(|(at, _)| at);
        let ends = [exited, self.dropped, faults.death(self.process)];
        ends.into_iter().flatten().min().unwrap_or(Micros::MAX)
    }
}

/// What became of an effect that a run asked for.
#[derive(Debug)]
pub struct Effect {
    pub run: u64,
    pub fence: Option<u64>,
    pub accepted: bool,
}

/// Everything of one key, in the order of time.
#[derive(Debug, Default)]
pub struct Key {
    pub policy: Option<Policy>,
    pub copies: u32,
    pub runs: Vec<Run>,
    pub effects: Vec<Effect>,
    /// When, by which process, which copy, and what.
    pub answers: Vec<(Micros, u32, u64, Answer)>,
    /// The completions that were acknowledged: when, and of which run.
    pub completions: Vec<(Micros, u64)>,
    /// Of which runs duplicates were told that they are done, by a server that may have been alone to know it, and died.
    pub told_alone: Vec<u64>,
    pub rows: Vec<u64>,
    /// When, to which process, which copy.
    pub sent: Vec<(Micros, u32, u64)>,
}

impl Key {
    /// The copies that were never acknowledged.
    pub fn lost(&self, key: u64) -> impl Iterator<Item = u64> {
        let copies = key * COPIES..key * COPIES + u64::from(self.copies);
        copies.filter(|copy| !self.answers.iter().any(|(_, _, answered, answer)| answered == copy && answer.is_final()))
    }

    /// The first acknowledged completion.
    pub fn completed(&self) -> Option<Micros> {
        self.completions.iter().map(|(at, _)| *at).min()
    }

    /// How many duplicates were told a result that is not the key's, since the one that knew it died.
    pub fn forgotten(&self) -> usize {
        let kept = |run: &&u64| self.completions.iter().any(|(_, kept)| kept == *run);
        if self.completions.is_empty() { 0 } else { self.told_alone.iter().filter(|run| !kept(run)).count() }
    }
}

/// The run whose result an answer says is kept.
fn completes(answer: &Answer) -> Option<u64> {
    match answer {
        Answer::Fresh { run, recorded: true } | Answer::Replayed { run } => Some(*run),
        _ => None,
    }
}

/// All keys of a history.
#[derive(Debug, Default)]
pub struct Keys(HashMap<u64, Key>);

impl Keys {
    pub fn of(history: &[Event], faults: &Faults) -> Self {
        let mut keys = Self::default();
        for Event { at, process, what } in history {
            match what {
                What::Owed { key, policy, copies } => {
                    let key = keys.key(*key);
                    (key.policy, key.copies) = (Some(*policy), *copies);
                }
                What::Sent { key, to, copy } => keys.key(*key).sent.push((*at, *to, *copy)),
                What::Entered { run, key, attempt, fence } => keys.key(*key).runs.push(Run {
                    number: *run,
                    process: *process,
                    attempt: *attempt,
                    fence: *fence,
                    entered: *at,
                    exited: None,
                    dropped: None,
                }),
                What::Exited { run, key, ok } => {
                    if let Some(run) = keys.run(*key, *run) {
                        run.exited = Some((*at, *ok));
                    }
                }
                What::Dropped { run, key } => {
                    if let Some(run) = keys.run(*key, *run) {
                        run.dropped = Some(*at);
                    }
                }
                What::Effect { run, key, fence, accepted } => {
                    keys.key(*key).effects.push(Effect { run: *run, fence: *fence, accepted: *accepted });
                }
                What::Answered { copy, key, answer } => {
                    let of = keys.key(*key);
                    of.answers.push((*at, *process, *copy, answer.clone()));
                    let duplicate = matches!(answer, Answer::Replayed { .. });
                    match completes(answer) {
                        // A duplicate is not held up until a replica knows what it is told (docs/spec/store/redis.md).
                        Some(run) if duplicate && faults.promoted(*process, *at) => of.told_alone.push(run),
                        Some(run) => of.completions.push((*at, run)),
                        None => {}
                    }
                }
                What::Row { run, key } => keys.key(*key).rows.push(*run),
                What::Killed { .. } | What::Died { .. } | What::Paused { .. } | What::Resumed { .. } => {}
                What::Trouble { .. } | What::TroubleOver { .. } => {}
            }
        }
        keys
    }

    pub fn iter(&self) -> impl Iterator<Item = (u64, &Key)> {
        self.0.iter().map(|(number, key)| (*number, key))
    }

    fn key(&mut self, number: u64) -> &mut Key {
        self.0.entry(number).or_default()
    }

    fn run(&mut self, key: u64, number: u64) -> Option<&mut Run> {
        self.key(key).runs.iter_mut().find(|run| run.number == number)
    }
}
