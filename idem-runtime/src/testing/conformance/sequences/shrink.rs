//! A sequence that fails, made shorter and plainer as long as it still fails.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::generate::{AT_ONCE, Pace};
use super::play::{Played, play_all};
use crate::claim::Failure;
use crate::clock::{Clock, SystemClock};
use crate::policy::{OnStale, Retention};
use crate::testing::conformance::bench::{Bench, Stop};
use crate::testing::conformance::twin::{Act, Policy};

/// How often sequences are played in all to make one shorter.
const REPLAYS: usize = 1_500;

/// How often a sequence is played to see whether it fails every time.
const LOOKS: usize = 5;

/// How often one is played that fails only sometimes, before it is believed not to.
const TRIES: usize = 6;

/// What is left of a sequence.
#[derive(Debug)]
pub(super) struct Shrunk {
    pub(super) acts: Vec<Act>,
    /// How often it failed of how many replays.
    pub(super) failed: usize,
    pub(super) replays: usize,
    /// What it found last, and the steps that led there. Nothing, where it did not fail again.
    pub(super) found: Option<(String, Vec<String>)>,
}

/// Makes it as short as it gets in this time.
pub(super) async fn shrink(bench: &Bench, acts: Vec<Act>, time: Duration) -> Shrunk {
    let pace = Pace::of(bench);
    let mut shrinking = Shrinking { bench, pace, left: REPLAYS, until: SystemClock.uptime() + time, tries: 1 };
    let first = looked(bench, &acts).await;
    if first.failed == 0 {
        return Shrunk { acts, ..first };
    }
    if first.failed < first.replays {
        shrinking.tries = TRIES;
    }
    let acts = shrinking.shrink(acts).await;
    let last = looked(bench, &acts).await;
    Shrunk { acts, ..last }
}

/// How often it fails.
async fn looked(bench: &Bench, acts: &[Act]) -> Shrunk {
    let all: Vec<Arc<[Act]>> = vec![acts.into(); LOOKS];
    let played = play_all(bench, &all).await;
    let failed = played.iter().filter(|played| played.failed()).count();
    let found = played.into_iter().filter_map(found).next();
    Shrunk { acts: Vec::new(), failed, replays: LOOKS, found }
}

fn found(played: Played) -> Option<(String, Vec<String>)> {
    match played.stop {
        Some(Stop::Failed(found)) => Some((found, played.steps)),
        _ => None,
    }
}

/// A change that makes a sequence shorter or plainer.
#[derive(Debug, Clone)]
enum Edit {
    Drop(Range<usize>),
    Replace(usize, Act),
    /// The first player does what the second did.
    Merge(usize, usize),
    /// The first key is meant where the second was.
    MergeKeys(usize, usize),
}

struct Shrinking<'a> {
    bench: &'a Bench,
    pace: Pace,
    left: usize,
    until: Duration,
    tries: usize,
}

impl Shrinking<'_> {
    /// Waiting is what takes long on a real store, so much is tried at once: large chunks, small ones, single acts, and what
    /// the acts say.
    async fn shrink(&mut self, mut acts: Vec<Act>) -> Vec<Act> {
        while let Some(less) = self.less(&acts).await {
            acts = less;
        }
        acts
    }

    /// A shorter or plainer sequence that still fails.
    async fn less(&mut self, acts: &[Act]) -> Option<Vec<Act>> {
        let mut edits = drops(acts);
        edits.extend(self.plainer(acts));
        for edits in edits.chunks((AT_ONCE / self.tries).max(1)) {
            let alone = self.failing(acts, edits.iter().cloned().map(|edit| vec![edit]).collect()).await;
            let good: Vec<Edit> = alone.iter().flat_map(|(edits, _)| edits.clone()).collect();
            let together = self.failing(acts, halves(&good)).await;
            let best = together.into_iter().chain(alone).map(|(_, acts)| acts).min_by_key(Vec::len);
            if best.is_some() {
                return best;
            }
        }
        None
    }

    /// Those after which it still fails, with what is left up to the act that fails.
    async fn failing(&mut self, acts: &[Act], candidates: Vec<Vec<Edit>>) -> Vec<(Vec<Edit>, Vec<Act>)> {
        if SystemClock.uptime() >= self.until {
            return Vec::new();
        }
        let affordable = candidates.into_iter().take(self.left / self.tries);
        let candidates: Vec<(Vec<Edit>, Arc<[Act]>)> =
            affordable.map(|edits| (edits.clone(), edited(acts, &edits).into())).collect();
        self.left -= candidates.len() * self.tries;
        let sequences: Vec<_> = candidates.iter().flat_map(|(_, acts)| vec![Arc::clone(acts); self.tries]).collect();
        let played = play_all(self.bench, &sequences).await;
        let plays = candidates.into_iter().zip(played.chunks(self.tries));
        plays
            .filter_map(|((edits, acts), played)| {
                let failed = played.iter().filter(|played| played.failed()).map(|played| played.acts).max()?;
                Some((edits, acts[..=failed].to_vec()))
            })
            .collect()
    }

    /// All that could be said more plainly, one thing at a time.
    fn plainer(&self, acts: &[Act]) -> Vec<Edit> {
        let mut edits = Vec::new();
        for (at, act) in acts.iter().enumerate() {
            edits.extend(
                self.plainer_acts(*act)
                    .into_iter()
                    .filter(|plainer| plainer != act)
                    .map(|plainer| Edit::Replace(at, plainer)),
            );
        }
        let (mut players, mut keys): (Vec<_>, Vec<_>) = acts.iter().map(|act| named(*act)).unzip();
        for (names, merge) in [(&mut players, Edit::Merge as fn(usize, usize) -> Edit), (&mut keys, Edit::MergeKeys)] {
            let mut names: Vec<usize> = names.iter().flatten().copied().collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                edits.extend((0..name).map(|lower| merge(lower, name)));
            }
        }
        edits
    }

    fn plainer_acts(&self, act: Act) -> Vec<Act> {
        match act {
            Act::Fresh { player, key, policy } => {
                let plain = Policy::plain(self.pace.lease);
                let mut policies = vec![plain, Policy { on_stale: OnStale::Rerun, ..policy }];
                policies.extend([Policy { max_attempts: None, ..policy }, Policy { grace: plain.grace, ..policy }]);
                policies
                    .extend([Policy { argument: plain.argument, ..policy }, Policy { lease: plain.lease, ..policy }]);
                policies.into_iter().map(|policy| Act::Fresh { player, key, policy }).collect()
            }
            Act::Complete { player, result, ttl, may_restore, older } => {
                let complete =
                    |result, ttl, may_restore, older| Act::Complete { player, result, ttl, may_restore, older };
                vec![
                    complete(1, Retention::Forever, false, false),
                    complete(1, ttl, may_restore, older),
                    complete(result, Retention::Forever, may_restore, older),
                    complete(result, ttl, false, older),
                    complete(result, ttl, may_restore, false),
                ]
            }
            Act::Fail(player, _) => vec![Act::Fail(player, Failure::Release)],
            Act::Clear { key, .. } => vec![Act::Clear { key, force: false }],
            Act::Pass(time) if time > self.pace.over => vec![Act::Pass(self.pace.over)],
            _ => Vec::new(),
        }
    }
}

/// Every chunk of half the length, of a quarter, and so on down to single acts.
fn drops(acts: &[Act]) -> Vec<Edit> {
    let all = acts.len();
    let sizes = std::iter::successors(Some(all.div_ceil(2)), |size| (*size > 1).then(|| size.div_ceil(2)));
    let chunks = sizes.flat_map(|size| (0..all).step_by(size.max(1)).map(move |start| start..(start + size).min(all)));
    chunks.map(Edit::Drop).collect()
}

/// All of them together, the halves, the quarters, and so on, but for single ones.
fn halves(edits: &[Edit]) -> Vec<Vec<Edit>> {
    let sizes = std::iter::successors(Some(edits.len()), |size| (*size > 3).then(|| size.div_ceil(2)));
    sizes.filter(|size| *size > 1).flat_map(|size| edits.chunks(size).map(<[Edit]>::to_vec)).collect()
}

fn edited(acts: &[Act], edits: &[Edit]) -> Vec<Act> {
    let mut left: Vec<Option<Act>> = acts.iter().copied().map(Some).collect();
    for edit in edits {
        match edit {
            Edit::Drop(range) => left[range.clone()].fill(None),
            Edit::Replace(at, act) => left[*at] = left[*at].and(Some(*act)),
            Edit::Merge(..) | Edit::MergeKeys(..) => {}
        }
    }
    let mut left: Vec<Act> = left.into_iter().flatten().collect();
    for edit in edits {
        let (Edit::Merge(to, from) | Edit::MergeKeys(to, from)) = edit else { continue };
        let of_keys = matches!(edit, Edit::MergeKeys(..));
        left.iter_mut().for_each(|act| rename(act, of_keys, *from, *to));
    }
    left
}

/// The player and the key that an act names.
fn named(act: Act) -> (Option<usize>, Option<usize>) {
    let (mut act, mut names) = (act, (None, None));
    visit(&mut act, |of_key, name| *(if of_key { &mut names.1 } else { &mut names.0 }) = Some(*name));
    names
}

fn rename(act: &mut Act, of_keys: bool, from: usize, to: usize) {
    visit(act, |of_key, name| {
        if of_key == of_keys && *name == from {
            *name = to;
        }
    });
}

/// Each name in an act, and whether it is a key's.
fn visit(act: &mut Act, mut look: impl FnMut(bool, &mut usize)) {
    match act {
        Act::Fresh { player, key, .. } => {
            look(false, player);
            look(true, key);
        }
        Act::Claim(player) | Act::Admit(player, _) | Act::Renew(player) | Act::Fail(player, _) => look(false, player),
        Act::Complete { player, .. } => look(false, player),
        Act::Cancel(key) | Act::Clear { key, .. } | Act::Resolve(key, _) => look(true, key),
        Act::Sweep | Act::Pass(_) => {}
    }
}
