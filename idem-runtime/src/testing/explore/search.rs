//! The way through the schedules: by the number of their faults, so that the first that fails is the smallest.

use std::fmt::Display;

use super::Explorer;
use super::play::{Played, play};
use super::report::{Exploration, Violation};
use super::schedule::{Point, Schedule};

/// Every schedule, in the order of their sizes.
pub(super) fn search<W, S, D, T, E>(explorer: &Explorer<'_, W, S, D>) -> Exploration
where
    S: Fn() -> W,
    D: AsyncFn(&W) -> Result<T, E>,
    E: Display,
{
    let mut found = Exploration::new();
    let mut level = vec![Schedule::default()];
    for size in 0..=explorer.max_faults {
        let mut next = Vec::new();
        // A pause is the most that can go wrong: another delivery comes in the middle of it.
        level.sort_by_key(Schedule::pauses);
        for schedule in level {
            if found.schedules() == explorer.max_schedules {
                found.is_cut = true;
                return found;
            }
            let played = play(explorer, &schedule);
            take(&mut found, &schedule, &played);
            if let Some((promise, told)) = played.broken {
                found.violation = Some(Violation { promise, told, steps: played.steps, seed: schedule.to_string() });
                return found;
            }
            // One more than may be run shows that there are more.
            let room = (explorer.max_schedules - found.schedules() + 1).saturating_sub(next.len());
            if size < explorer.max_faults {
                next.extend(schedule.extended(&played.points).take(room));
            }
        }
        if next.is_empty() {
            break;
        }
        level = next;
    }
    found
}

/// One schedule alone.
pub(super) fn replay<W, S, D, T, E>(explorer: &Explorer<'_, W, S, D>, schedule: &Schedule) -> Exploration
where
    S: Fn() -> W,
    D: AsyncFn(&W) -> Result<T, E>,
    E: Display,
{
    let mut found = Exploration::new();
    let played = play(explorer, schedule);
    take(&mut found, schedule, &played);
    let seed = schedule.to_string();
    let violation = |(promise, told)| Violation { promise, told, steps: played.steps, seed: seed.clone() };
    found.violation = played.broken.map(violation);
    found.replayed = Some(seed);
    found
}

/// Counts a schedule in.
fn take(found: &mut Exploration, schedule: &Schedule, played: &Played) {
    let size = schedule.0.len();
    found.by_size.resize(found.by_size.len().max(size + 1), 0);
    found.by_size[size] += 1;
    found.entries = match found.entries {
        None => Some((played.entries, played.entries)),
        Some((least, most)) => Some((least.min(played.entries), most.max(played.entries))),
    };
    if size == 0 {
        let first = || played.points.iter().filter(|(delivery, _)| *delivery == 1);
        found.awaits = first().filter(|(_, point)| matches!(point, Point::Await(_))).count();
        found.operations = first().count() - found.awaits;
    }
}
