//! Playing sequences to a store and the model: one after the other by a test's clock, at once where time really passes.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};

use super::generate::{AT_ONCE, Pace};
use crate::clock::{Clock, SystemClock};
use crate::testing::conformance::bench::{Bench, Stop};
use crate::testing::conformance::twin::{Act, Met, Policy, Twin};

/// How many are played at once where time really passes. One that came too near to a deadline to be compared is played again,
/// with fewer beside it: the store may have been slow because of them.
const SIDE_BY_SIDE: [usize; 3] = [AT_ONCE, 16, 8];

/// No longer than this, since a check must end.
const AGAIN: Duration = Duration::from_secs(40);

/// What became of a sequence.
#[derive(Debug)]
pub(super) struct Played {
    /// How many acts were compared.
    pub(super) acts: usize,
    /// How the next one ended, where it was not as the model says.
    pub(super) stop: Option<Stop>,
    pub(super) met: Met,
    pub(super) steps: Vec<String>,
    /// How often it was played again.
    pub(super) again: usize,
}

impl Played {
    pub(super) fn failed(&self) -> bool {
        matches!(self.stop, Some(Stop::Failed(_)))
    }
}

/// Plays each of them on keys of its own.
pub(super) async fn play_all(bench: &Bench, sequences: &[Arc<[Act]>]) -> Vec<Played> {
    let end = SystemClock.uptime() + AGAIN;
    let mut played: Vec<Option<Played>> = sequences.iter().map(|_| None).collect();
    for (again, at_once) in SIDE_BY_SIDE.into_iter().enumerate() {
        let open = |played: &Option<Played>| match played {
            None => true,
            Some(played) => matches!(played.stop, Some(Stop::Unclear(_))),
        };
        let wanted: Vec<usize> = (0..played.len()).filter(|number| open(&played[*number])).collect();
        for wanted in wanted.chunks(at_once).take_while(|_| again == 0 || SystemClock.uptime() < end) {
            for (number, result) in play_once(bench, sequences, wanted).await {
                played[number] = Some(Played { again, ..result });
            }
        }
    }
    played.into_iter().flatten().collect()
}

async fn play_once(bench: &Bench, sequences: &[Arc<[Act]>], wanted: &[usize]) -> Vec<(usize, Played)> {
    let pace = Pace::of(bench);
    // Spread over a tick, else all would act at once and then all wait.
    let apart = pace.tick.map(|tick| tick / u32::try_from(wanted.len()).unwrap_or(u32::MAX).max(1));
    let (mut begin, lease) = (Duration::ZERO, pace.lease);
    let mut playing = JoinSet::new();
    let mut played = Vec::with_capacity(wanted.len());
    for number in wanted.iter().copied() {
        let (bench, acts) = (bench.aside(), Arc::clone(&sequences[number]));
        playing.spawn(async move {
            tokio::time::sleep(begin).await;
            (number, play(&bench, &acts, lease).await)
        });
        match apart {
            Some(apart) => begin += apart,
            None => played.extend(playing.join_next().await.map(ended)),
        }
    }
    while let Some(one) = playing.join_next().await {
        played.push(ended(one));
    }
    played
}

/// The panic of a store is that of the check.
fn ended<T>(one: Result<T, JoinError>) -> T {
    one.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(error) => resume_unwind(Box::new(error.to_string())),
    })
}

async fn play(bench: &Bench, acts: &[Act], lease: Duration) -> Played {
    let mut twin = Twin::timed(bench, Policy::plain(lease));
    let (mut compared, mut stop) = (0, None);
    for act in acts {
        stop = twin.act(*act).await.err();
        if stop.is_some() {
            break;
        }
        compared += 1;
    }
    Played { acts: compared, stop, met: twin.met().clone(), steps: bench.steps(), again: 0 }
}
