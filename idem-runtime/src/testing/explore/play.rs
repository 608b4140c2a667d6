//! One schedule from its beginning to its end: deliveries, what goes wrong in them, and what must hold all the same.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::clock::Virtual;
use super::delivery::{Ending, Seen, deliver, message};
use super::process::Process;
use super::report::{Promise, delivery_ended, harmed};
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

pub(super) fn play<W, S, D, T, E>(explorer: &Explorer<'_, W, S, D>, schedule: &Schedule) -> Played
where
    S: Fn() -> W,
    D: AsyncFn(&W) -> Result<T, E>,
    E: Display,
{
    let mut played = Played::default();
    let entries = Arc::new(Entries::default());
    if let Err(error) = through(explorer, schedule, &entries, &mut played) {
        played.broken = Some((Promise::Starts, error.to_string()));
    }
    played.entries = entries.most();
    played
}

/// Goes through the deliveries until a promise is broken.
fn through<W, S, D, T, E>(
    explorer: &Explorer<'_, W, S, D>,
    schedule: &Schedule,
    entries: &Arc<Entries>,
    played: &mut Played,
) -> Result<(), Error>
where
    S: Fn() -> W,
    D: AsyncFn(&W) -> Result<T, E>,
    E: Display,
{
    let clock = Arc::new(Virtual::new());
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let records = MemoryStore::builder().clock(shared).build();
    let world = (explorer.setup)();
    let mut process = Process::start(&records, &clock, &*explorer.configure)?;
    let last = FEWEST_DELIVERIES.max(schedule.last_harmed() + 1);
    for number in 1..=last {
        let mishaps = schedule.of(number);
        let entered_before = entries.count();
        let call = async { (explorer.deliver)(&world).await.map(drop).map_err(|error| error.to_string()) };
        let Seen { points, ending } = deliver(&process, call, &mishaps, entries, explorer.patience);
        let has_entered = entries.count() > entered_before;
        let missed = mishaps.iter().find(|mishap| !points.contains(&mishap.point));
        played.points.extend(points.into_iter().map(|point| (number, point)));
        played.steps.extend(mishaps.iter().map(|mishap| harmed(mishap, &ending)));
        played.steps.extend(delivery_ended(number, &ending));
        let sent = process.store.faults().clone();
        if let Ending::Cut { is_killed: true, .. } = ending {
            process.kill();
            process = Process::start(&records, &clock, &*explorer.configure)?;
        }
        played.broken = if let Some(missed) = missed {
            let told = format!("delivery {number} does not come to {} this time", missed.point);
            Some((Promise::Repeatable, told))
        } else if let Ending::Hung(how) = &ending {
            Some((Promise::Ends, format!("delivery {number} hangs: {how}")))
        } else {
            process.outlast_leases(&records);
            process.heal(&sent);
            let after = format!("after delivery {number}");
            let overlap = entries.overlapping().map(|task| {
                let told = format!("delivery {number} entered the body of `{task}` while another's lease held");
                (Promise::OneBody, told)
            });
            let broken = overlap.or_else(|| fails(&explorer.always, &world, Promise::Invariant, &after));
            broken.or_else(|| match &ending {
                Ending::Refused(error) if number == last && !is_excused(&process, &records, has_entered) => {
                    let told = format!("delivery {number}, to which nothing was done, answered an error: {error}");
                    Some((Promise::Answers, told))
                }
                _ if number == last => fails(&explorer.at_the_end, &world, Promise::AtTheEnd, &after),
                _ => None,
            })
        };
        if played.broken.is_some() {
            break;
        }
    }
    process.stop();
    Ok(())
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

/// Whether the records say why a delivery was refused: as a duplicate of a strict task, whose body it did not enter, or
/// because the work was set aside, cancelled, or failed for good.
fn is_excused(process: &Process, records: &MemoryStore, has_entered: bool) -> bool {
    let strict = |record: &Record| {
        let task = registry::find(record.key.task(), None);
        task.and_then(|task| process.runtime.settings(task).ok()).is_some_and(|settings| settings.strict)
    };
    all(process, records).iter().any(|record| match record.state {
        State::Parked | State::Cancelled | State::Failed => true,
        State::Completed => !has_entered && strict(record),
        _ => false,
    })
}

fn all(process: &Process, records: &MemoryStore) -> Vec<Arc<Record>> {
    process.executor.block_on(records.list(&ListQuery::default())).unwrap_or_default()
}
