//! When what was disturbed.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::history::{Event, Trouble, What};
use crate::time::{Micros, micros};

/// The faults of a history, as stretches of time.
#[derive(Debug, Default)]
pub struct Faults {
    deaths: HashMap<u32, Micros>,
    pauses: HashMap<u32, Vec<RangeInclusive<Micros>>>,
    troubles: Vec<(RangeInclusive<Micros>, Option<u32>)>,
    /// Which of them are promotions of a replica.
    promotions: Vec<usize>,
}

/// What a process heard it has written down this soon, unless it is stopped meanwhile.
const NOTED: Micros = 250_000;

impl Faults {
    pub fn of(history: &[Event]) -> Self {
        let mut faults = Self::default();
        let mut under_way = HashMap::new();
        for Event { at, what, .. } in history {
            match what {
                What::Killed { process } | What::Died { process } => {
                    faults.deaths.entry(*process).or_insert(*at);
                    faults.resumed(*process, *at);
                }
                What::Paused { process } => faults.pauses.entry(*process).or_default().push(*at..=Micros::MAX),
                What::Resumed { process } => faults.resumed(*process, *at),
                What::Trouble { number, process, kind } => {
                    if *kind == Trouble::Promotion {
                        faults.promotions.push(faults.troubles.len());
                    }
                    under_way.insert(*number, faults.troubles.len());
                    faults.troubles.push((*at..=Micros::MAX, *process));
                }
                What::TroubleOver { number } => {
                    let stretch = under_way.remove(number).and_then(|index| faults.troubles.get_mut(index));
                    if let Some((stretch, _)) = stretch {
                        *stretch = *stretch.start()..=*at;
                    }
                }
                _ => {}
            }
        }
        faults
    }

    fn resumed(&mut self, process: u32, at: Micros) {
        let last = self.pauses.get_mut(&process).and_then(|pauses| pauses.last_mut());
        if let Some(pause) = last.filter(|pause| *pause.end() == Micros::MAX) {
            *pause = *pause.start()..=at;
        }
    }

    /// When a process was killed.
    pub fn death(&self, process: u32) -> Option<Micros> {
        self.deaths.get(&process).copied()
    }

    /// Whether a process was stopped at any moment of a stretch.
    pub fn paused(&self, process: u32, stretch: &RangeInclusive<Micros>) -> bool {
        self.pauses.get(&process).is_some_and(|pauses| pauses.iter().any(|pause| overlap(pause, stretch)))
    }

    /// Whether any process was.
    pub fn any_paused(&self, stretch: &RangeInclusive<Micros>) -> bool {
        self.pauses.keys().any(|process| self.paused(*process, stretch))
    }

    /// Whether a server was disturbed, or the network between it and this process.
    pub fn troubled(&self, process: u32, stretch: &RangeInclusive<Micros>) -> bool {
        let concerns = |of: &Option<u32>| of.is_none_or(|of| of == process);
        self.troubles.iter().any(|(trouble, of)| concerns(of) && overlap(trouble, stretch))
    }

    /// Whether what a process wrote down then it may have heard from a server whose replica took its place, and which by then
    /// heard nothing any more.
    pub fn promoted(&self, process: u32, at: Micros) -> bool {
        let noted = at.saturating_sub(NOTED)..=at;
        let pauses = self.pauses.get(&process).into_iter().flatten().filter(|pause| overlap(pause, &noted));
        let heard = pauses.map(|pause| *pause.start()).min().unwrap_or(at).min(*noted.start())..=at;
        self.promotions
            .iter()
            .filter_map(|index| self.troubles.get(*index))
            .any(|(stretch, _)| overlap(stretch, &heard))
    }

    /// How many pauses were longer than a lease.
    pub fn pauses_past(&self, lease: Duration) -> u64 {
        let past = |pause: &&RangeInclusive<Micros>| pause.end() - pause.start() > micros(lease);
        self.pauses.values().flatten().filter(past).map(|_| 1).sum()
    }
}

/// Whether two stretches of time have a moment in common.
pub fn overlap(one: &RangeInclusive<Micros>, other: &RangeInclusive<Micros>) -> bool {
    one.start() <= other.end() && other.start() <= one.end()
}
