//! Random sequences of acts beside the model, on every store: by a test's clock, or while time really passes.

mod figures;
mod generate;
mod play;
mod shrink;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

pub use self::figures::Sequences;
use self::generate::Pace;
use self::play::{Played, play_all};
use self::shrink::shrink;
use super::bench::{Bench, Checked, Stop};
use super::fixture::{BoxError, Fixture};
use super::twin::Act;
use crate::clock::{Clock, SystemClock};

/// How long a failing sequence is made shorter in a check, which must end.
const SHORTEN: Duration = Duration::from_secs(60);

/// The same on demand.
const SHORTEN_LONG: Duration = Duration::from_secs(600);

/// The check: the sequences that the fixture was given, then those of its seeds, which must meet every situation.
pub(super) async fn check(bench: &Bench) -> Checked {
    for given in &bench.fixture().acts {
        let acts = read(given).map_err(Stop::Failed)?;
        for played in play_all(bench, &[acts.as_slice().into()]).await {
            if let Some(Stop::Unclear(why)) = played.stop {
                return Err(Stop::Unclear(why));
            }
            ended(bench, "the sequence of the fixture", acts.clone(), played, SHORTEN).await?;
        }
    }
    let mut figures = Sequences::default();
    play_seeds(bench, bench.fixture().seeds.clone(), SHORTEN, &mut figures).await?;
    figures.judge()
}

/// Plays random sequences beside the model: those of the fixture's seeds, and then those behind them until this much time is
/// over. It is the check `random_sequences_agree_with_the_model` for longer.
///
/// # Errors
/// A sequence on which store and model differ, as short as it gets, with its seed; a turn of events that no sequence met; a
/// store that is too slow to be compared by its clock, or does not open.
///
/// # Cancel safety
/// Dropped, it leaves the store as it was.
pub async fn sequences(
    open: impl AsyncFn() -> Result<Fixture, BoxError>,
    time: Duration,
) -> Result<Sequences, BoxError> {
    let bench = Bench::new("random_sequences", open().await?);
    let end = SystemClock.uptime() + time;
    for_long(&bench, || SystemClock.uptime() < end).await.map_err(|stop| match stop {
        Stop::Failed(why) => format!("{why}\nthe steps were:\n{}", bench.steps().join("\n")).into(),
        Stop::Skipped(why) | Stop::Unclear(why) => why.into(),
    })
}

async fn for_long(bench: &Bench, goes_on: impl Fn() -> bool) -> Checked<Sequences> {
    let mut seeds = bench.fixture().seeds.clone();
    let batch = seeds.end.saturating_sub(seeds.start).max(1);
    let mut figures = Sequences::default();
    loop {
        play_seeds(bench, seeds.clone(), SHORTEN_LONG, &mut figures).await?;
        if !goes_on() {
            break;
        }
        seeds = seeds.end..seeds.end + batch;
    }
    figures.judge()?;
    Ok(figures)
}

/// Plays the sequences of these seeds. The first one that fails, by its seed, is told in its shortest form.
async fn play_seeds(bench: &Bench, seeds: Range<u64>, shorten: Duration, figures: &mut Sequences) -> Checked {
    let pace = Pace::of(bench);
    let seeds: Vec<u64> = seeds.collect();
    for seeds in seeds.chunks(pace.at_once()) {
        let all: Vec<Arc<[Act]>> = seeds.iter().map(|seed| pace.sequence(*seed).into()).collect();
        let played = play_all(bench, &all).await;
        played.iter().for_each(|played| figures.count(played));
        for ((seed, acts), played) in seeds.iter().zip(all).zip(played) {
            ended(bench, &format!("seed {seed}"), acts.to_vec(), played, shorten).await?;
        }
    }
    Ok(())
}

/// What is to be said of a sequence. One that could not be compared to its end is counted, and that is all.
async fn ended(bench: &Bench, what: &str, acts: Vec<Act>, played: Played, shorten: Duration) -> Checked {
    let first = match played.stop {
        None | Some(Stop::Unclear(_)) => return Ok(()),
        Some(Stop::Skipped(why)) => return Err(Stop::Skipped(why)),
        Some(Stop::Failed(found)) => found,
    };
    let of = acts.len();
    let shrunk = shrink(bench, acts[..=played.acts].to_vec(), shorten).await;
    let (found, steps) = shrunk.found.unwrap_or((first, played.steps));
    bench.forget_steps();
    steps.into_iter().for_each(|step| bench.step(|| step));
    let acts: String = shrunk.acts.iter().map(|act| format!("\n    {act}")).collect();
    let (left, failed, replays) = (shrunk.acts.len(), shrunk.failed, shrunk.replays);
    Err(Stop::Failed(format!(
        "{what}: {found}\n{left} acts remain of {of}, and failed in {failed} of {replays} replays; to play them again, give \
         these lines to `Fixture::acts`:{acts}\n"
    )))
}

/// The acts of a text, one a line.
fn read(text: &str) -> Result<Vec<Act>, String> {
    text.lines().filter(|line| !line.trim().is_empty()).map(str::parse).collect()
}
