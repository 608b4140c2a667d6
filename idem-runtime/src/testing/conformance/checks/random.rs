//! Sequences that nobody thought of, beside the model.

use std::time::Duration;

use crate::claim::Failure;
use crate::policy::{OnStale, Retention};
use crate::testing::conformance::bench::{Bench, Checked, Stop};
use crate::testing::conformance::prng::Prng;
use crate::testing::conformance::twin::{Act, Policy, Twin, Word};
use crate::transition::MIN_GRACE;

/// A few keys and players, so that they meet; enough steps that records live several lives.
const KEYS: usize = 2;
const PLAYERS: usize = 5;
const STEPS: usize = 80;

/// How often a failing sequence is run again to make it shorter.
const SHORTEN: usize = 400;

pub(super) async fn random_sequences_agree_with_the_model(bench: &Bench) -> Checked {
    for seed in bench.fixture().seeds.clone() {
        let acts = sequence(bench, seed);
        bench.forget_steps();
        let Some((failed_at, stop)) = play(bench, &acts).await else { continue };
        let Stop::Failed(_) = stop else { return Err(stop) };
        let acts = match bench.fixture().clock {
            Some(_) => shortened(bench, acts[..=failed_at].to_vec()).await,
            None => acts[..=failed_at].to_vec(),
        };
        bench.forget_steps();
        let found = match play(bench, &acts).await {
            Some((_, Stop::Failed(found))) => found,
            _ => "it failed once and not again: the store is not the same every time".into(),
        };
        let steps: Vec<_> = acts.iter().map(ToString::to_string).collect();
        return Err(Stop::Failed(format!("seed {seed}, {} steps ({}): {found}", acts.len(), steps.join("; "))));
    }
    Ok(())
}

/// The step that failed first, and how.
async fn play(bench: &Bench, acts: &[Act]) -> Option<(usize, Stop)> {
    let mut twin = Twin::new(bench, Policy::plain(lease(bench)));
    for (at, act) in acts.iter().enumerate() {
        if let Err(stop) = twin.act(*act).await {
            return Some((at, stop));
        }
    }
    None
}

/// Leaves out whatever is not needed for the failure.
async fn shortened(bench: &Bench, mut acts: Vec<Act>) -> Vec<Act> {
    let mut at = acts.len();
    for _ in 0..SHORTEN {
        if at == 0 {
            break;
        }
        at -= 1;
        let mut fewer = acts.clone();
        fewer.remove(at);
        if let Some((failed_at, Stop::Failed(_))) = play(bench, &fewer).await {
            fewer.truncate(failed_at + 1);
            at = at.min(fewer.len());
            acts = fewer;
        }
    }
    acts
}

/// On a real clock the whole sequence must be done within one lease.
fn lease(bench: &Bench) -> Duration {
    if bench.fixture().clock.is_some() { bench.lease() } else { bench.lease() * 10 }
}

fn sequence(bench: &Bench, seed: u64) -> Vec<Act> {
    let mut prng = Prng::new(seed);
    let timed = bench.fixture().clock.is_some();
    let mut acts: Vec<_> = (0..PLAYERS).map(|player| fresh(&mut prng, player, lease(bench), timed)).collect();
    acts.extend((0..STEPS).map(|_| act(&mut prng, lease(bench), timed)));
    acts
}

fn fresh(prng: &mut Prng, player: usize, lease: Duration, timed: bool) -> Act {
    let mut policy = Policy::plain(lease);
    policy.on_stale = *one(prng, &[OnStale::Rerun, OnStale::Rerun, OnStale::Park, OnStale::Reconcile]);
    policy.max_attempts = *one(prng, &[None, None, Some(1), Some(3)]);
    policy.grace = *one(prng, &[Retention::For(Duration::ZERO), Retention::For(MIN_GRACE * 2), Retention::Forever]);
    policy.argument = *one(prng, &[None, Some("10 EUR"), Some("10 EUR"), Some("10 EUR"), Some("20 EUR")]);
    if timed {
        policy.lease = *one(prng, &[lease, lease, lease * 3, Duration::ZERO]);
    }
    Act::Fresh { player, key: prng.below(KEYS), policy }
}

fn act(prng: &mut Prng, lease: Duration, timed: bool) -> Act {
    let (player, key) = (prng.below(PLAYERS), prng.below(KEYS));
    match prng.below(if timed { 24 } else { 20 }) {
        0..=4 => Act::Claim(player),
        5 | 6 => Act::Renew(player),
        7..=9 => {
            let ttl = *one(prng, &[Retention::For(lease * 100), Retention::For(lease), Retention::Forever]);
            let ttl = if timed { ttl } else { Retention::Forever };
            let (may_restore, older) = (prng.below(3) == 0, prng.below(6) == 0);
            Act::Complete { player, result: prng.byte(), ttl, may_restore, older }
        }
        10 | 11 => {
            let remembered = if timed { lease } else { lease * 100 };
            let ways =
                [Failure::Release, Failure::Release, Failure::NotStarted, Failure::Store(remembered), Failure::Park];
            Act::Fail(player, *one(prng, &ways))
        }
        12 if prng.below(3) == 0 => Act::Cancel(key),
        13 => Act::Clear { key, force: prng.below(2) == 0 },
        14 => Act::Resolve(key, *one(prng, &[Word::Completed, Word::Retry, Word::Cancel])),
        15 => Act::Sweep,
        18 | 19 => {
            let holds = if timed { [lease * 100, lease] } else { [lease * 100; 2] };
            Act::Admit(player, *one(prng, &holds))
        }
        12 | 16 | 17 => fresh(prng, player, lease, timed),
        _ => {
            let instant = Duration::from_millis(1);
            Act::Pass(*one(prng, &[instant, lease / 2, lease, lease + instant, lease * 3, MIN_GRACE, MIN_GRACE * 2]))
        }
    }
}

fn one<'a, T>(prng: &mut Prng, all: &'a [T]) -> &'a T {
    &all[prng.below(all.len())]
}
