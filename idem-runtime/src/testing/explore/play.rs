//! One schedule from its beginning to its end: deliveries, what goes wrong in them, and what must hold all the same.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::clock::Virtual;
use super::delivery::{Calling, Ending, deliver, go_on, message};
use super::process::Process;
use super::report::{Promise, delivery_ended, harmed, went_on};
use super::schedule::{Point, Schedule};
use super::{Explorer, Invariant};
use crate::ambient::Entries;
use crate::clock::Clock;
use crate::error::Error;
use crate::record::{Record, State};
use crate::registry;
use crate::store::memory::MemoryStore;
use crate::store::{ListQuery, Store};

/// A message arrives at least so often: what comes again is what this is about.
const FEWEST_DELIVERIES: usize = 2;

/// What one schedule showed.
#[derive(Default)]
pub(super) struct Played {
    /// Where something can go wrong, in the order of time, each with the number of its delivery.
    pub(super) points: Vec<(usize, Point)>,
    /// How often the body of one key was entered; of several keys, of the one that had the most.
    pub(super) entries: usize,
    /// What happened, in words.
    pub(super) steps: Vec<String>,
    /// The first promise that was not kept, and how that showed.
    pub(super) broken: Option<(Promise, String)>,
}

/// What a schedule is played on.
struct Stage<'e, 'a, W, S, D> {
    explorer: &'e Explorer<'a, W, S, D>,
    world: W,
    clock: Arc<Virtual>,
    records: MemoryStore,
    entries: Arc<Entries>,
}

/// A delivery whose process was stopped in the middle of it.
struct Paused<'f> {
    process: Process,
    future: Calling<'f>,
    number: usize,
}

pub(super) fn play<W, S, D, T, E>(explorer: &Explorer<'_, W, S, D>, schedule: &Schedule) -> Played
where
    S: Fn() -> W,
    D: AsyncFn(&W) -> Result<T, E>,
    E: Display,
{
    let clock = Arc::new(Virtual::new());
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let records = MemoryStore::builder().clock(shared).build();
    let stage = Stage { explorer, world: (explorer.setup)(), clock, records, entries: Arc::default() };
    let mut played = Played::default();
    if let Err(error) = stage.play(schedule, &mut played) {
        played.broken = Some((Promise::Starts, error.to_string()));
    }
    played.entries = stage.entries.most();
    played
}

impl<W, S, D> Stage<'_, '_, W, S, D> {
    /// Goes through the deliveries until a promise is broken.
    fn play<T, E>(&self, schedule: &Schedule, played: &mut Played) -> Result<(), Error>
    where
        D: AsyncFn(&W) -> Result<T, E>,
        E: Display,
    {
        let mut process = self.start()?;
        let mut paused = None;
        let last = FEWEST_DELIVERIES.max(schedule.disturbed() + 1);
        for number in 1..=last {
            let mishaps = schedule.of(number);
            let call =
                async { (self.explorer.deliver)(&self.world).await.map(drop).map_err(|error| error.to_string()) };
            let seen = deliver(&process, Box::pin(call), &mishaps, &self.entries, self.explorer.patience);
            let missed = mishaps.iter().find(|mishap| !seen.points.contains(&mishap.point));
            played.points.extend(seen.points.iter().map(|point| (number, *point)));
            played.steps.extend(mishaps.iter().map(|mishap| harmed(mishap, &seen.ending)));
            played.steps.extend(delivery_ended(number, &seen.ending));
            let sent = process.store.faults().clone();
            let before = paused.take();
            if let Some(future) = seen.paused {
                paused = Some(Paused { process: std::mem::replace(&mut process, self.start()?), future, number });
            } else if let Ending::Cut { is_killed: true, .. } = seen.ending {
                process.kill();
                process = self.start()?;
            }
            played.broken = if let Some(missed) = missed {
                let told = format!("delivery {number} does not come to {} this time", missed.point);
                Some((Promise::Repeatable, told))
            } else if let Ending::Hung(how) = &seen.ending {
                Some((Promise::Ends, format!("delivery {number} hangs: {how}")))
            } else {
                process.rest(&self.records, &sent);
                // Nothing can be said yet of a delivery that is in the middle of what it does.
                let has_ended = !matches!(seen.ending, Ending::Paused { .. });
                let judge = || self.judge(number, number == last, &seen.ending, seen.has_entered, &process);
                has_ended.then(judge).flatten()
            };
            if let (Some(before), None) = (before, &played.broken) {
                played.broken = self.go_on(before, &process, &mut played.steps);
            }
            if played.broken.is_some() {
                break;
            }
        }
        if let Some(Paused { process, future, .. }) = paused {
            // It never goes on: the violation came before.
            std::mem::forget(future);
            process.kill();
        }
        process.stop();
        Ok(())
    }

    /// A paused process goes on, beside the one that has had a delivery meanwhile, and ends in good order.
    fn go_on(&self, paused: Paused<'_>, other: &Process, steps: &mut Vec<String>) -> Option<(Promise, String)> {
        let Paused { process, future, number } = paused;
        let ending = go_on(&process, future, &self.entries, self.explorer.patience);
        steps.push(went_on(number, &ending));
        if let Ending::Hung(how) = ending {
            return Some((Promise::Ends, format!("delivery {number} hangs: {how}")));
        }
        process.rest(&self.records, &process.store.faults().clone());
        process.stop();
        other.goes_on();
        self.judge(number, false, &ending, true, other)
    }

    fn start(&self) -> Result<Process, Error> {
        Process::start(&self.records, &self.clock, &*self.explorer.configure)
    }

    /// What does not hold after a delivery that ended, now that no lease holds any more.
    fn judge(
        &self,
        number: usize,
        is_last: bool,
        ending: &Ending,
        has_entered: bool,
        process: &Process,
    ) -> Option<(Promise, String)> {
        let after = format!("after delivery {number}");
        if let Some(task) = self.entries.overlapping() {
            let told = format!("delivery {number} entered the body of `{task}` while another's lease held");
            return Some((Promise::OneBody, told));
        }
        let broken = fails(&self.explorer.always, &self.world, Promise::Invariant, &after);
        if broken.is_some() || !is_last {
            return broken;
        }
        match (ending, self.excuse(has_entered, process)) {
            (Ending::Refused(error), None) => {
                let told = format!("delivery {number}, to which nothing was done, answered an error: {error}");
                Some((Promise::Answers, told))
            }
            (Ending::Refused(_), Some(Excuse::SetAside)) => None,
            _ => fails(&self.explorer.at_the_end, &self.world, Promise::AtTheEnd, &after),
        }
    }

    /// Why a delivery may be refused, if the records say so.
    fn excuse(&self, has_entered: bool, process: &Process) -> Option<Excuse> {
        let strict = |record: &Record| {
            let task = registry::find(record.key.task(), None);
            task.and_then(|task| process.runtime.settings(task).ok()).is_some_and(|settings| settings.strict)
        };
        let all = process.executor.block_on(self.records.list(&ListQuery::default())).unwrap_or_default();
        let is_set_aside = |state| matches!(state, State::Parked | State::Cancelled | State::Failed);
        if all.iter().any(|record| is_set_aside(record.state)) {
            return Some(Excuse::SetAside);
        }
        let done = |record: &Arc<Record>| record.state == State::Completed && strict(record);
        (!has_entered && all.iter().any(done)).then_some(Excuse::Done)
    }
}

/// Why a delivery may be refused.
enum Excuse {
    /// Work was parked, cancelled, or failed for good.
    SetAside,
    /// It entered no body, and a strict task had completed.
    Done,
}

/// The first of these that does not hold of the world. A panic, as of an `assert!`, says how.
fn fails<W>(invariants: &[Invariant<'_, W>], world: &W, promise: Promise, after: &str) -> Option<(Promise, String)> {
    let fails = |invariant: &Invariant<'_, W>| match catch_unwind(AssertUnwindSafe(|| invariant(world))) {
        Ok(true) => None,
        Ok(false) => Some(format!("it does not hold {after}")),
        Err(panic) => Some(format!("it does not hold {after}: {}", message(&*panic))),
    };
    invariants.iter().find_map(fails).map(|told| (promise, told))
}
