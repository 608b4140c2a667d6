//! Sequences that nobody thought of.

use std::time::Duration;

use crate::claim::Failure;
use crate::policy::{OnStale, Retention};
use crate::testing::conformance::bench::Bench;
use crate::testing::conformance::prng::Prng;
use crate::testing::conformance::twin::{Act, Policy, Word};
use crate::transition::MIN_GRACE;

/// A few keys and players, so that they meet; enough acts that records live several lives.
const KEYS: usize = 2;
const PLAYERS: usize = 5;
const ACTS: usize = 80;

/// How many wait beside each other where time really passes.
pub(super) const AT_ONCE: usize = 64;

/// How many ticks pass in a sequence where they really pass.
const TICKS: u32 = 5;

/// How long things last in the sequences of a fixture.
#[derive(Debug)]
pub(super) struct Pace {
    /// The lease of a claim that says nothing of its own.
    pub(super) lease: Duration,
    /// The shortest time after which that lease is over.
    pub(super) over: Duration,
    /// Between sequences that begin one after the other, where they are played at once.
    pub(super) tick: Option<Duration>,
    leases: Vec<Duration>,
    lasting: Duration,
    passes: Vec<Duration>,
}

impl Pace {
    pub(super) fn of(bench: &Bench) -> Self {
        match bench.fixture().clock {
            Some(_) => Self::of_a_test(bench.lease()),
            None => Self::of_a_store(bench.lease()),
        }
    }

    /// By a test's clock everything may happen at the very end of a lease too.
    pub(super) fn of_a_test(lease: Duration) -> Self {
        let instant = Duration::from_millis(1);
        let over = lease + instant;
        let leases = vec![lease, lease, lease * 3, Duration::ZERO];
        let passes = vec![instant, lease / 2, lease, over, lease * 3, MIN_GRACE, MIN_GRACE * 2];
        Self { lease, over, tick: None, leases, lasting: lease * 100, passes }
    }

    /// Where time really passes it passes in ticks, and whatever ends, ends in the middle between two: half a tick is left for
    /// the acts that come after one.
    pub(super) fn of_a_store(tick: Duration) -> Self {
        let lease = tick / 2;
        let (leases, passes) = (vec![lease, lease, lease * 3], vec![tick, tick, tick * 2]);
        Self { lease, over: tick, tick: Some(tick), leases, lasting: lease * 201, passes }
    }

    /// How many sequences may be played at once.
    pub(super) fn at_once(&self) -> usize {
        if self.tick.is_some() { AT_ONCE } else { 1 }
    }

    pub(super) fn sequence(&self, seed: u64) -> Vec<Act> {
        let mut prng = Prng::new(seed);
        let mut acts: Vec<_> = (0..PLAYERS).map(|player| self.fresh(&mut prng, player)).collect();
        let mut left = self.tick.map(|tick| tick * TICKS);
        while acts.len() < PLAYERS + ACTS {
            let act = self.act(&mut prng);
            if let (Act::Pass(time), Some(left)) = (act, &mut left) {
                match left.checked_sub(time) {
                    Some(less) => *left = less,
                    None => break,
                }
            }
            acts.push(act);
            // What time brought to its end shows in claims.
            if matches!(act, Act::Pass(_)) && prng.below(2) == 0 {
                acts.push(Act::Claim(prng.below(PLAYERS)));
            }
        }
        acts
    }

    fn fresh(&self, prng: &mut Prng, player: usize) -> Act {
        let mut policy = Policy::plain(one(prng, &self.leases));
        policy.on_stale =
            one(prng, &[OnStale::Rerun, OnStale::Rerun, OnStale::Park, OnStale::Reconcile, OnStale::Reconcile]);
        policy.max_attempts = one(prng, &[None, None, None, Some(1), Some(3)]);
        policy.grace = one(prng, &[Retention::For(Duration::ZERO), Retention::For(MIN_GRACE * 2), Retention::Forever]);
        policy.argument = one(prng, &[None, Some("10 EUR"), Some("10 EUR"), Some("10 EUR"), Some("20 EUR")]);
        Act::Fresh { player, key: prng.below(KEYS), policy }
    }

    fn act(&self, prng: &mut Prng) -> Act {
        let (player, key) = (prng.below(PLAYERS), prng.below(KEYS));
        match prng.below(28) {
            0..=6 => Act::Claim(player),
            7 | 8 => Act::Renew(player),
            9..=11 => {
                let short = Retention::For(self.lease);
                let kept = [short, short, Retention::For(self.lasting), Retention::Forever];
                let (ttl, may_restore, older) = (one(prng, &kept), prng.below(3) == 0, prng.below(6) == 0);
                Act::Complete { player, result: prng.byte(), ttl, may_restore, older }
            }
            12..=14 => {
                let remembered = Failure::Store(self.lease);
                let ways = [Failure::Release, Failure::NotStarted, remembered, remembered, Failure::Park];
                Act::Fail(player, one(prng, &ways))
            }
            15 | 16 => Act::Resolve(key, one(prng, &[Word::Completed, Word::Retry, Word::Retry, Word::Cancel])),
            17 => Act::Clear { key, force: prng.below(2) == 0 },
            18 if prng.below(3) == 0 => Act::Cancel(key),
            19 | 20 => Act::Admit(player, one(prng, &[self.lasting, self.lease])),
            18 | 21 | 22 => self.fresh(prng, player),
            23 => Act::Sweep,
            // Time is dear where it really passes: more is done before it does.
            _ if self.tick.is_some() && prng.below(2) == 0 => Act::Claim(player),
            _ => Act::Pass(one(prng, &self.passes)),
        }
    }
}

fn one<T: Copy>(prng: &mut Prng, all: &[T]) -> T {
    all[prng.below(all.len())]
}
