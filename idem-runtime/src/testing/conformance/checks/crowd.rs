//! Many at once, through both handles.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::{JoinError, JoinSet};

use crate::claim::{ClaimRequest, ClaimVerdict, CompleteVerdict, Failure};
use crate::key::Key;
use crate::store::{Store, StoreError};
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, short, want};
use crate::testing::conformance::brief::Brief;
use crate::testing::conformance::worker::replays;

/// As many as a small machine's workers, and more than a pool has connections.
const CALLERS: usize = 16;
const KEYS: usize = 40;

pub(super) async fn one_of_many_is_granted(bench: &Bench) -> Checked {
    let keys = fresh(bench)?;
    crowd(bench, &keys, 1).await
}

pub(super) async fn one_of_many_takes_over(bench: &Bench) -> Checked {
    let keys = fresh(bench)?;
    for key in &keys {
        bench.worker(key).granted().await?;
    }
    bench.pass_lease().await?;
    crowd(bench, &keys, 2).await
}

pub(super) async fn one_of_many_follows_a_release(bench: &Bench) -> Checked {
    let keys = fresh(bench)?;
    for key in &keys {
        bench.worker(key).granted_and(Failure::Release).await?;
    }
    crowd(bench, &keys, 2).await
}

pub(super) async fn one_of_many_follows_an_expired_record(bench: &Bench) -> Checked {
    let keys = fresh(bench)?;
    for key in &keys {
        let mut a = bench.worker(key);
        a.granted().await?;
        a.done_for(b"short", bench.lease() / 8).await?;
    }
    bench.pass_lease().await?;
    crowd(bench, &keys, 1).await
}

pub(super) fn fresh(bench: &Bench) -> Checked<Vec<Key>> {
    (0..KEYS).map(|_| bench.key()).collect()
}

type Asked = (usize, ClaimRequest, Result<ClaimVerdict, StoreError>);

/// All callers claim all keys at once; each key must be granted to one of them, as this attempt.
async fn crowd(bench: &Bench, keys: &[Key], attempt: u32) -> Checked {
    let lease = bench.lease() * 20;
    let arrived = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::<Vec<Asked>>::new();
    for caller in 0..CALLERS {
        let store = Arc::clone(if caller % 2 == 0 { bench.store() } else { bench.other() });
        let requests: Vec<_> =
            keys.iter().map(|key| bench.worker(key).with(|claim| claim.lease = lease).claim).collect();
        callers.spawn(ask(store, requests, Arc::clone(&arrived)));
    }
    bench.step(|| format!("{CALLERS} callers claim {} keys at once", keys.len()));
    let mut winners: Vec<Vec<(ClaimRequest, u64)>> = vec![Vec::new(); keys.len()];
    while let Some(asked) = callers.join_next().await {
        for (number, request, verdict) in asked.map_err(panicked)? {
            match verdict? {
                ClaimVerdict::Claimed(claimed) if claimed.attempt == attempt => {
                    winners[number].push((request, claimed.fence));
                }
                ClaimVerdict::Running { .. } => {}
                found => return Err(Stop::found(&found, &format!("Claimed as attempt {attempt}, or Running"))),
            }
        }
    }
    for (key, winners) in keys.iter().zip(&winners) {
        hold!(winners.len() == 1, "{} was granted to {} callers, expected one", short(key), winners.len());
        let record = bench.record(key).await?;
        for (winner, fence) in winners {
            let same = record.owner == winner.owner && record.fence == *fence;
            hold!(same, "{}: the record is not of the caller that was granted the claim", short(key));
        }
    }
    Ok(())
}

/// All callers wait for each other before each key, else they would go one behind the other and never meet. They wait
/// awake: of those that must be woken, the first would be done before the second is up.
async fn ask(store: Arc<dyn Store>, requests: Vec<ClaimRequest>, arrived: Arc<AtomicUsize>) -> Vec<Asked> {
    let mut answers = Vec::with_capacity(requests.len());
    for (number, request) in requests.into_iter().enumerate() {
        arrived.fetch_add(1, Ordering::AcqRel);
        while arrived.load(Ordering::Acquire) < CALLERS * (number + 1) {
            tokio::task::yield_now().await;
        }
        let verdict = store.claim(&request).await;
        answers.push((number, request, verdict));
    }
    answers
}

/// The same claim sent twice at once, as a client does that did not wait for the reply.
pub(super) async fn one_claim_sent_twice_at_once_is_one_claim(bench: &Bench) -> Checked {
    for key in fresh(bench)? {
        let a = bench.worker(&key);
        let send = |store: &Arc<dyn Store>| {
            let (store, claim) = (Arc::clone(store), a.claim.clone());
            tokio::spawn(async move { store.claim(&claim).await })
        };
        let (first, second) = (send(bench.store()), send(bench.other()));
        match (first.await.map_err(panicked)??, second.await.map_err(panicked)??) {
            (ClaimVerdict::Claimed(first), ClaimVerdict::Claimed(second)) => {
                let same = (first.fence, first.attempt) == (second.fence, second.attempt);
                hold!(same, "found {first:?} and {second:?}, expected one fence and one attempt");
            }
            (first, second) => return Err(Stop::found(&vec![first, second], "Claimed, twice the same")),
        }
    }
    Ok(())
}

pub(super) fn panicked(error: JoinError) -> Stop {
    Stop::Failed(format!("a caller panicked: {error}"))
}

/// A late completion and a takeover at once: one of them loses.
pub(super) async fn completion_and_takeover_exclude_each_other(bench: &Bench) -> Checked {
    let keys = fresh(bench)?;
    let mut abandoned = Vec::new();
    for key in &keys {
        let mut a = bench.worker(key);
        a.granted().await?;
        abandoned.push(a);
    }
    bench.pass_lease().await?;
    for (key, a) in keys.iter().zip(abandoned) {
        let b = bench.worker(key).with(|claim| claim.lease = bench.lease() * 20).elsewhere();
        let (completion, claim) = (a.completion(b"late"), b.claim.clone());
        let (mine, theirs) = (Arc::clone(&a.store), Arc::clone(&b.store));
        let completes = tokio::spawn(async move { mine.complete(&completion).await });
        let claims = tokio::spawn(async move { theirs.claim(&claim).await });
        let (completed, claimed) = (completes.await.map_err(panicked)??, claims.await.map_err(panicked)??);
        bench.step(|| format!("{}: {} and {} at once", short(key), completed.brief(), claimed.brief()));
        match completed {
            CompleteVerdict::Completed { .. } => replays(&claimed, b"late")?,
            CompleteVerdict::LeaseLost(_) => want!(claimed, ClaimVerdict::Claimed(_)),
        }
    }
    Ok(())
}
