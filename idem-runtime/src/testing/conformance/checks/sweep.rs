//! Sweeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::claim::{ClaimVerdict, ClearVerdict, Failure, RenewVerdict, ResolveRequest, ResolveVerdict};
use crate::policy::OnStale;
use crate::record::State;
use crate::store::Store;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::fixture::Tamper;

/// Rounds of live work against the sweep: many where they cost nothing.
const ROUNDS: u32 = 2_000;
const ROUNDS_REAL: u32 = 50;

/// What a sweep removes of so many records that are over: nothing, where the server was faster.
fn counted(bench: &Bench, over: u64) -> u64 {
    if bench.fixture().expires_itself { 0 } else { over }
}

pub(super) async fn sweep_leaves_what_is_not_over(bench: &Bench) -> Checked {
    let states =
        ["running", "stale", "stale under park", "released", "failed", "parked", "cancelled", "cleared", "completed"];
    let mut keys = Vec::new();
    for state in states {
        let key = bench.key()?;
        let on_stale = if state == "stale under park" { OnStale::Park } else { OnStale::Rerun };
        let mut a = bench.worker(&key).with(|claim| {
            claim.on_stale = on_stale;
            // So that the tombstone and the running claim outlive the wait for the stale ones.
            claim.lease *= if state.starts_with("stale") { 1 } else { 4 };
        });
        a.granted().await?;
        match state {
            "released" => drop(a.fail(Failure::Release).await?),
            "failed" => drop(a.fail(Failure::Store(bench.lease() * 4)).await?),
            "parked" => drop(a.fail(Failure::Park).await?),
            "cancelled" => drop(bench.cancel(&key).await?),
            "cleared" => drop(bench.clear(&key, true).await?),
            "completed" => a.done(b"done").await?,
            _ => {}
        }
        keys.push(key);
    }
    bench.pass_lease().await?;
    let mut before = Vec::new();
    for key in &keys {
        before.push(bench.record(key).await?);
    }
    for _ in 0..2 {
        let report = bench.sweep(1_000).await?;
        hold!(report.removed == 0, "found {} removed, expected none", report.removed);
        let stale: Vec<_> = keys[1..3].iter().filter(|key| report.stale.contains(key)).collect();
        hold!(stale.len() == 2 && report.stale.len() == 2, "found {} abandoned claims, expected 2", report.stale.len());
        hold!(report.bad.is_empty(), "found {} bad rows, expected none", report.bad.len());
    }
    for (key, before) in keys.iter().zip(before) {
        let after = bench.record(key).await?;
        hold!(before == after, "the sweep changed a record that was {}", before.state);
    }
    Ok(())
}

pub(super) async fn sweep_removes_in_batches(bench: &Bench) -> Checked {
    let mut keys = Vec::new();
    for _ in 0..25 {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        a.done_for(b"short", bench.lease()).await?;
        keys.push(key);
    }
    let kept = bench.key()?;
    bench.worker(&kept).granted_and(Failure::Release).await?;
    bench.pass(bench.lease() * 5).await?;
    for (limit, removed) in [(0, 0), (10, 10), (10, 10), (10, 5), (10, 0)] {
        let report = bench.sweep(limit).await?;
        let removed = counted(bench, removed);
        hold!(report.removed == removed, "limit {limit}: found {} removed, expected {removed}", report.removed);
    }
    bench.record(&kept).await?;
    Ok(())
}

pub(super) async fn stale_list_of_a_sweep_takes_nothing(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    bench.pass_lease().await?;
    let report = bench.sweep(1_000).await?;
    hold!(report.stale == [key.clone()], "found {} abandoned claims, expected 1", report.stale.len());
    // The owner was only late. Whoever acts on the list now must find the claim held.
    want!(a.renew().await?, RenewVerdict::Renewed);
    want!(bench.worker(&key).elsewhere().claim().await?, ClaimVerdict::Running { .. });
    want!(bench.resolve(&key, ResolveRequest::Retry).await?, ResolveVerdict::NotParked(Some(State::Running)));
    want!(bench.clear(&key, false).await?, ClearVerdict::InProgress(_));
    a.done(b"done").await
}

pub(super) async fn sweep_survives_a_bad_row(bench: &Bench) -> Checked {
    let (bad, good) = (bench.key()?, bench.key()?);
    for key in [&bad, &good] {
        let mut a = bench.worker(key);
        a.granted().await?;
        a.done_for(b"short", bench.lease()).await?;
    }
    bench.tamper(&bad, Tamper::Corrupt).await?;
    bench.pass_lease().await?;
    let report = bench.sweep(1_000).await?;
    let digest: String = bad.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    hold!(report.bad.iter().any(|(key, _)| *key == digest), "the bad row was not named: {:?}", report.bad);
    hold!(report.removed == counted(bench, 1), "found {} removed, expected the good row alone", report.removed);
    Ok(())
}

/// Claims, renewals and completions of one process while another sweeps all the time.
pub(super) async fn sweeping_takes_nothing_from_live_work(bench: &Bench) -> Checked {
    let (rounds, part) = match bench.fixture().clock {
        Some(_) => (ROUNDS, bench.lease() / 8),
        None => (ROUNDS_REAL, bench.lease() / 50),
    };
    let sweeps = Arc::new(Sweeps::default());
    let sweeper = tokio::spawn(sweep_until(Arc::clone(bench.other()), Arc::clone(&sweeps)));
    let worked = work(bench, &sweeps, rounds, part).await;
    sweeps.ended.store(true, Ordering::Release);
    let swept = sweeper.await.map_err(|error| Stop::Failed(format!("the sweep ended badly: {error}")))?;
    bench.step(|| format!("meanwhile {} sweeps", sweeps.count.load(Ordering::Acquire)));
    worked?;
    // What expired is gone, by one sweep or another.
    bench.pass_lease().await?;
    let all = swept? + bench.sweep(usize::MAX).await?.removed;
    hold!(all == counted(bench, rounds.into()), "found {all} records swept, expected {rounds}: one a round expired");
    Ok(())
}

/// How far the sweeps of the other process are.
#[derive(Debug, Default)]
struct Sweeps {
    count: AtomicU64,
    ended: AtomicBool,
}

impl Sweeps {
    /// Until one sweep has begun and ended from now on, unless there are no more.
    async fn one_more(&self) {
        let now = self.count.load(Ordering::Acquire);
        while self.count.load(Ordering::Acquire) < now + 2 && !self.ended.load(Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
    }
}

async fn work(bench: &Bench, sweeps: &Sweeps, rounds: u32, part: Duration) -> Checked {
    let kept = bench.key()?;
    let mut long = bench.worker(&kept);
    long.granted().await?;
    for round in 0..rounds {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        if round % 50 == 0 {
            sweeps.one_more().await;
        }
        want!(a.renew().await?, RenewVerdict::Renewed);
        want!(long.renew().await?, RenewVerdict::Renewed);
        a.done_for(b"short", part).await?;
        bench.fixture().pass(part).await?;
    }
    long.done(b"done").await
}

/// How many records it removed.
async fn sweep_until(store: Arc<dyn Store>, sweeps: Arc<Sweeps>) -> Checked<u64> {
    let mut removed = 0;
    while !sweeps.ended.load(Ordering::Acquire) {
        match store.sweep(7).await {
            Ok(report) if report.stale.is_empty() => removed += report.removed,
            other => {
                sweeps.ended.store(true, Ordering::Release);
                let key = other?.stale.first().map(ToString::to_string).unwrap_or_default();
                return Err(Stop::Failed(format!("the sweep named a live claim as abandoned: {key}")));
            }
        }
        sweeps.count.fetch_add(1, Ordering::AcqRel);
        tokio::task::yield_now().await;
    }
    Ok(removed)
}
