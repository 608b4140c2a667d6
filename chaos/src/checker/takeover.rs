//! How long abandoned work waits for the next owner.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Serialize;

use super::Bounds;
use super::faults::{Faults, overlap};
use super::keys::{Key, Keys, Run};
use crate::time::{Micros, micros};
use crate::wire::{Answer, Policy};

/// From the death of an owner to the next entry of its body.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct Takeovers {
    /// All there were.
    pub all: usize,
    /// Those during which neither store nor network nor heirs were disturbed.
    pub undisturbed: usize,
    /// Half of the undisturbed ones took no longer, in milliseconds.
    pub p50_ms: u64,
    /// 99 of a hundred of them.
    pub p99_ms: u64,
    /// The longest of them.
    pub longest_ms: u64,
    /// Whose it was.
    pub longest_key: Option<u64>,
    /// The longest of all.
    pub longest_of_all_ms: u64,
}

/// What is granted besides the lease.
const BESIDES: Duration = Duration::from_secs(1);

/// How soon after a death the coordinator has sent to others what the dead process had.
const REDELIVERY: Micros = 250_000;

impl Takeovers {
    /// What there is to say where they took too long.
    pub fn too_long(&self, bounds: Bounds) -> Option<String> {
        let bound = bounds.lease + BESIDES;
        let late = u128::from(self.p99_ms) > bound.as_millis();
        late.then(|| format!("p99 {} ms of {} takeovers, more than {bound:?}", self.p99_ms, self.undisturbed))
    }
}

pub fn measure(keys: &Keys, faults: &Faults, bounds: Bounds) -> Takeovers {
    let (mut all, mut undisturbed) = (Vec::new(), Vec::new());
    let held = if bounds.one_file { held(keys, faults) } else { Vec::new() };
    for (number, key) in keys.iter().filter(|(_, key)| key.policy == Some(Policy::Rerun)) {
        for abandoned in &key.runs {
            let Some((died, next)) = takeover(key, abandoned, faults) else { continue };
            all.push(next - died);
            let waits_for_the_file = held.iter().any(|held| overlap(held, &looked_at(died, bounds)));
            if !waits_for_the_file && !disturbed(key, abandoned, faults, (died, next), bounds) {
                undisturbed.push((next - died, number));
            }
        }
    }
    all.sort_unstable();
    undisturbed.sort_unstable();
    let at = |share: usize| undisturbed.get((undisturbed.len() * share).div_ceil(100).saturating_sub(1));
    let ms = |took: Option<&(Micros, u64)>| took.map_or(0, |(took, _)| took.div_ceil(1_000));
    Takeovers {
        all: all.len(),
        undisturbed: undisturbed.len(),
        p50_ms: ms(at(50)),
        p99_ms: ms(at(99)),
        longest_ms: ms(undisturbed.last()),
        longest_key: undisturbed.last().map(|(_, key)| *key),
        longest_of_all_ms: all.last().map_or(0, |took| took.div_ceil(1_000)),
    }
}

/// When a transaction held the only file, which everybody writes to, for half of what is granted or longer.
fn held(keys: &Keys, faults: &Faults) -> Vec<RangeInclusive<Micros>> {
    let transactions = keys.iter().filter(|(_, key)| key.policy == Some(Policy::Transaction));
    let bodies = transactions.flat_map(|(_, key)| &key.runs).map(|run| run.entered..=run.over(faults));
    bodies.filter(|body| body.end() - body.start() >= micros(BESIDES) / 2).collect()
}

/// What is looked at is as long for each takeover, or the slow ones would be the disturbed ones.
fn looked_at(died: Micros, bounds: Bounds) -> RangeInclusive<Micros> {
    died.saturating_sub(micros(bounds.lease))..=died + micros(bounds.lease + BESIDES)
}

/// When the owner died, where it died with the claim, and when the body was entered next.
fn takeover(key: &Key, abandoned: &Run, faults: &Faults) -> Option<(Micros, Micros)> {
    let died = faults.death(abandoned.process)?;
    let answered = key.answers.iter().any(|(at, process, ..)| *process == abandoned.process && *at > abandoned.entered);
    if answered || abandoned.dropped.is_some() || abandoned.exited.is_some_and(|(_, ok)| !ok) {
        return None;
    }
    // Where it had been stopped for long, its claim was taken over while it lived.
    let next = key.runs.iter().filter(|run| run.entered > abandoned.entered).min_by_key(|run| run.entered)?;
    // An heir that is lost between its claim and its body abandons the key once more: nobody saw since when.
    let skipped = next.attempt > abandoned.attempt + 1;
    let mut heirs = key.sent.iter().map(|(_, heir, _)| *heir).filter(|heir| *heir != abandoned.process);
    let lost = skipped && heirs.any(|heir| lost(heir, died, next.entered, faults));
    (next.entered > died && !lost).then_some((died, next.entered))
}

/// Whether a process did not see a stretch of time through undisturbed.
fn lost(heir: u32, from: Micros, to: Micros, faults: &Faults) -> bool {
    let stretch = from..=to;
    let died = faults.death(heir).is_some_and(|at| stretch.contains(&at));
    died || faults.paused(heir, &stretch) || faults.troubled(heir, &stretch)
}

/// Whether the store was, or no other process was there that waited for the key and could have gone on.
fn disturbed(key: &Key, abandoned: &Run, faults: &Faults, (died, next): (Micros, Micros), bounds: Bounds) -> bool {
    let stretch = looked_at(died, bounds);
    let waits = |(at, heir, copy): &&(Micros, u32, u64)| {
        let answered = |(then, by, of, _): &(Micros, u32, u64, Answer)| by == heir && of == copy && then < &next;
        *heir != abandoned.process && *at <= died + REDELIVERY && !key.answers.iter().any(answered)
    };
    let healthy = |(_, heir, _): &(Micros, u32, u64)| !lost(*heir, *stretch.start(), *stretch.end(), faults);
    let store = faults.troubled(abandoned.process, &stretch) || (bounds.one_file && faults.any_paused(&stretch));
    store || !key.sent.iter().filter(waits).any(healthy)
}
