//! Doing things to the store and its model.

use std::collections::HashMap;
use std::sync::Arc;

use super::act::{Act, Policy, Word};
use super::compare::{Fences, Words, apart, times_apart};
use super::met::{Around, Met};
use super::model::Model;
use super::real::Real;
use crate::claim::{
    CancelRequest, ClaimVerdict, CompleteRequest, CompleteVerdict, FailRequest, RenewRequest, ResolveRequest,
};
use crate::clock::{Clock, Timestamp};
use crate::key::Key;
use crate::policy::Retention;
use crate::record::{Record, State, StoredResult};
use crate::store::Store;
use crate::testing::conformance::bench::{Bench, Checked, Stop, short};
use crate::testing::conformance::worker::{TTL, Worker};
use crate::transition;

/// Where a model starts that cannot see the store's clock.
const START: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// Two records have no more deadlines; behind the last one there is time enough.
const MOST_WAITS: usize = 6;

/// A store and its model. Each player and key is made when it is first named.
#[derive(Debug)]
pub(in super::super) struct Twin<'a> {
    bench: &'a Bench,
    model: Model,
    exact: bool,
    policy: Policy,
    keys: HashMap<usize, (Key, u64)>,
    players: HashMap<usize, Player<'a>>,
    fences: HashMap<Key, Fences>,
    turns: usize,
    real: Option<Real>,
    met: Met,
}

/// A player's claim, with the fence that the model granted; the store's is the worker's own.
#[derive(Debug, Clone)]
struct Player<'a> {
    worker: Worker<'a>,
    fence: u64,
    granted: bool,
}

impl<'a> Twin<'a> {
    /// By the test's clock, else as if no time passed but what [`passed`](Self::passed) is told.
    pub(in super::super) fn new(bench: &'a Bench, policy: Policy) -> Self {
        let clock = bench.fixture().clock.as_ref();
        let model = Model::new(clock.map_or(START, Clock::now));
        let (keys, players, fences) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (exact, real, met) = (clock.is_some(), None, Met::default());
        Self { bench, model, exact, policy, keys, players, fences, turns: 0, real, met }
    }

    /// By the test's clock, else by the store's own.
    pub(in super::super) fn timed(bench: &'a Bench, policy: Policy) -> Self {
        let twin = Self::new(bench, policy);
        let real = (!twin.exact).then(Real::new);
        Self { real, ..twin }
    }

    pub(in super::super) fn met(&self) -> &Met {
        &self.met
    }

    /// Does one thing to both, and compares what they answer and what they then hold.
    ///
    /// # Errors
    /// They differ; or, by the store's own clock, a deadline is too near to tell.
    pub(in super::super) async fn act(&mut self, act: Act) -> Checked {
        self.turns += 1;
        let Some((key, player)) = self.concerns(act)? else { return self.play(act).await };
        self.ask(act, &key).await?;
        let before = self.kept(act, &key);
        let done = self.play(act).await;
        let after = self.kept(act, &key);
        let now = self.model.now();
        if let Some(real) = &mut self.real {
            real.judge(now, before.iter().chain(&after))?;
        }
        done?;
        let (before, after) = (before.first(), after.first());
        let lost = |player: &Player<'_>| {
            let owner = player.worker.claim.owner;
            player.granted && before.is_some_and(|record| record.state == State::Running && record.owner != owner)
        };
        let lost = player.as_ref().is_some_and(lost);
        self.met.note(act, Around { before, after, now, lost });
        Ok(())
    }

    /// Asks the store the time, where it has its own, and waits while a deadline is near.
    async fn ask(&mut self, act: Act, key: &Key) -> Checked {
        for _ in 0..MOST_WAITS {
            let Some(real) = &mut self.real else { break };
            real.ask();
            let now = self.store().now(key).await?;
            self.model.set(now);
            let near = self.real.as_ref().and_then(|real| real.near(now, &self.kept(act, key)));
            match near {
                Some(wait) => tokio::time::sleep(wait).await,
                None => break,
            }
        }
        Ok(())
    }

    /// The key that an act is about, and who acts; of a sweep any key. Others do nothing to the store.
    fn concerns(&mut self, act: Act) -> Checked<Option<(Key, Option<Player<'a>>)>> {
        Ok(match act {
            Act::Fresh { .. } | Act::Pass(_) => None,
            Act::Claim(player) | Act::Admit(player, _) | Act::Renew(player) | Act::Fail(player, _) => {
                let player = self.player(player)?;
                Some((player.worker.claim.key.clone(), Some(player)))
            }
            Act::Complete { player, .. } => {
                let player = self.player(player)?;
                Some((player.worker.claim.key.clone(), Some(player)))
            }
            Act::Cancel(key) | Act::Clear { key, .. } | Act::Resolve(key, _) => Some((self.key(key)?, None)),
            Act::Sweep => Some((self.key(0)?, None)),
        })
    }

    /// The model's records that an act bears on.
    fn kept(&self, act: Act, key: &Key) -> Vec<Record> {
        let all = self.keys.values().map(|(other, _)| other).filter(|other| act == Act::Sweep || *other == key);
        all.filter_map(|key| self.model.kept(key).cloned()).collect()
    }

    async fn play(&mut self, act: Act) -> Checked {
        match act {
            Act::Fresh { player, key, policy } => self.fresh(player, key, policy).map(drop),
            Act::Claim(player) => self.claim(player).await,
            Act::Admit(player, hold) => {
                let Player { worker, .. } = self.player(player)?;
                let request = worker.admission(hold);
                let found = worker.send_admission(&request).await?;
                let expected = self.model.apply(&request.key, |record, now| transition::admit(record, &request, now));
                let (store, model) = self.words(&request.key);
                same(&store.admit(&found), &model.admit(&expected))?;
                self.look(&request.key).await
            }
            Act::Renew(player) => self.renew(player).await,
            Act::Complete { player, result, ttl, may_restore, older } => {
                let say = |request: &mut CompleteRequest| {
                    request.result = StoredResult::Envelope([result; 8].into());
                    (request.retention, request.may_restore) = (ttl, may_restore);
                };
                self.complete(player, u64::from(older), say).await
            }
            Act::Fail(player, how) => {
                let Player { worker, .. } = self.player(player)?;
                let request =
                    FailRequest { claim: Arc::new(worker.claim.clone()), how, error: Some("it failed".into()) };
                let found = self.bench.note(|| format!("{act}"), worker.store.fail(&request)).await?;
                let key = &worker.claim.key;
                let expected = self.model.apply(key, |record, now| transition::fail(record, &request, now));
                same(&format!("{found:?}"), &format!("{expected:?}"))?;
                self.look(key).await
            }
            Act::Cancel(key) => {
                let key = self.key(key)?;
                let request = CancelRequest { key: key.clone(), grace: Retention::For(TTL) };
                let found =
                    self.bench.note(|| format!("cancel {}", short(&key)), self.store().cancel(&request)).await?;
                let expected = self.model.apply(&key, |record, now| transition::cancel(record, &request, now));
                same(&format!("{found:?}"), &format!("{expected:?}"))?;
                self.look(&key).await
            }
            Act::Clear { key, force } => {
                let key = self.key(key)?;
                let found =
                    self.bench.note(|| format!("{act} {}", short(&key)), self.store().clear(&key, force)).await?;
                let expected = self.model.apply(&key, |record, now| transition::clear(record, force, now));
                let (store, model) = self.words(&key);
                same(&store.clear(found), &model.clear(expected))?;
                self.look(&key).await
            }
            Act::Resolve(key, word) => {
                let key = self.key(key)?;
                let request = match word {
                    Word::Completed => {
                        let result = StoredResult::Envelope(b"the operator's".as_slice().into());
                        ResolveRequest::Completed(result, Retention::For(TTL))
                    }
                    Word::Retry => ResolveRequest::Retry,
                    Word::Cancel => ResolveRequest::Cancel,
                };
                let what = || format!("{act} {}", short(&key));
                let found = self.bench.note(what, self.store().resolve(&key, &request)).await?;
                let expected = self.model.apply(&key, |record, now| transition::resolve(record, &request, now));
                same(&format!("{found:?}"), &format!("{expected:?}"))?;
                self.look(&key).await
            }
            Act::Sweep => {
                // A record that is there must still be there: `look` sees it. What was removed was absent already.
                self.bench.note(|| "sweep".into(), self.store().sweep(usize::MAX)).await?;
                let keys: Vec<Key> = self.keys.values().map(|(key, _)| key.clone()).collect();
                for key in keys {
                    self.look(&key).await?;
                }
                Ok(())
            }
            Act::Pass(time) => {
                let rest = self.real.as_mut().map_or(time, |real| real.pass(time));
                self.bench.pass_rest(time, rest).await?;
                self.passed(time);
                Ok(())
            }
        }
    }

    /// Time has passed for the store.
    pub(in super::super) fn passed(&mut self, time: std::time::Duration) {
        self.model.pass(time);
    }

    async fn claim(&mut self, number: usize) -> Checked {
        let mut player = self.player(number)?;
        let request = player.worker.claim.clone();
        let found = player.worker.claim().await?;
        let expected = self.model.apply(&request.key, |record, now| transition::claim(record, &request, now));
        let mut again = false;
        let fences = self.fences.entry(request.key.clone()).or_default();
        if let (ClaimVerdict::Claimed(store), ClaimVerdict::Claimed(model)) = (&found, &expected) {
            again = model.fence == player.fence;
            fences.granted(model.fence, store.fence).map_err(Stop::Failed)?;
            (player.fence, player.granted) = (model.fence, true);
        }
        let (store, model) = self.words(&request.key);
        same(&store.claim(&found, again), &model.claim(&expected, again))?;
        self.players.insert(number, player);
        self.look(&request.key).await
    }

    async fn renew(&mut self, number: usize) -> Checked {
        let Player { worker, .. } = self.player(number)?;
        let request: RenewRequest = worker.renewal();
        let found = worker.renew().await?;
        let expected = self.model.apply(&request.key, |record, now| transition::renew(record, &request, now));
        same(&format!("{found:?}"), &format!("{expected:?}"))?;
        self.look(&request.key).await
    }

    async fn complete(
        &mut self,
        number: usize,
        fence_off: u64,
        say: impl FnOnce(&mut CompleteRequest) + Send,
    ) -> Checked {
        let Player { worker, fence, .. } = self.player(number)?;
        let key = worker.claim.key.clone();
        let mut request = worker.completion(b"");
        say(&mut request);
        request.fence = worker.fence.saturating_sub(fence_off);
        let found: CompleteVerdict = worker.send(&request).await?;
        request.fence = fence.saturating_sub(fence_off);
        let expected = self.model.apply(&key, |record, now| transition::complete(record, &request, now));
        if matches!(expected, CompleteVerdict::Completed { restored: true, .. }) {
            self.fences.entry(key.clone()).or_default().restored = true;
        }
        let (store, model) = self.words(&key);
        same(&store.complete(&found), &model.complete(&expected))?;
        self.look(&key).await
    }

    /// What both hold now.
    async fn look(&self, key: &Key) -> Checked {
        let found = self.store().get(key).await?;
        let expected = self.model.get(key);
        let (store, model) = self.words(key);
        let say = |words: Words<'_>, record: &Option<Arc<_>>| {
            record.as_ref().map_or_else(|| "no record".to_owned(), |record| words.record(record))
        };
        let in_words = apart(&say(store, &found), &say(model, &expected));
        let in_time = || times_apart(found.as_ref()?, expected.as_ref()?, self.real.as_ref()?.slack());
        match in_words.or_else(in_time) {
            None => Ok(()),
            Some(apart) => Err(Stop::Failed(format!("the record afterwards: {apart}"))),
        }
    }

    /// How the store and the model speak of this key.
    fn words(&self, key: &Key) -> (Words<'_>, Words<'_>) {
        let fences = self.fences.get(key);
        let restored = fences.is_some_and(|fences| fences.restored);
        let model = Words { fences: None, restored, exact: self.exact };
        (Words { fences, ..model }, model)
    }

    /// Both handles in turn.
    fn store(&self) -> &'a Arc<dyn Store> {
        if self.turns.is_multiple_of(2) { self.bench.store() } else { self.bench.other() }
    }

    fn key(&mut self, number: usize) -> Checked<Key> {
        if let Some((key, _)) = self.keys.get(&number) {
            return Ok(key.clone());
        }
        let (key, unique) = self.bench.numbered_key()?;
        self.keys.insert(number, (key.clone(), unique));
        Ok(key)
    }

    /// Unless it was said otherwise, all players mean the first key.
    fn player(&mut self, number: usize) -> Checked<Player<'a>> {
        match self.players.get(&number) {
            Some(player) => Ok(player.clone()),
            None => self.fresh(number, 0, self.policy),
        }
    }

    fn fresh(&mut self, number: usize, key: usize, policy: Policy) -> Checked<Player<'a>> {
        let key_number = {
            self.key(key)?;
            self.keys.get(&key).map_or(0, |(_, number)| *number)
        };
        let key = self.key(key)?;
        let fingerprint = policy.argument.map(|argument| self.bench.fingerprint(key_number, argument)).transpose()?;
        let mut worker = self.bench.worker(&key).with(|claim| {
            claim.lease = policy.lease;
            claim.on_stale = policy.on_stale;
            claim.max_attempts = policy.max_attempts;
            claim.grace = policy.grace;
            claim.fingerprint = fingerprint;
        });
        if number % 2 == 1 {
            worker = worker.elsewhere();
        }
        // A player that was never granted a claim completes with a fence that it made up.
        let made_up = 1 + number as u64;
        (worker.fence, worker.attempt) = (made_up, 1);
        self.fences.entry(key).or_default().learn(made_up, made_up);
        let player = Player { worker, fence: made_up, granted: false };
        self.players.insert(number, player.clone());
        Ok(player)
    }
}

fn same(found: &str, expected: &str) -> Checked {
    apart(found, expected).map_or(Ok(()), |apart| Err(Stop::Failed(apart)))
}
