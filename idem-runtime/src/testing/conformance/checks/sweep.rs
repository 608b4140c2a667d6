//! Sweeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::claim::{ClaimVerdict, ClearVerdict, Failure, RenewVerdict, ResolveRequest, ResolveVerdict};
use crate::policy::OnStale;
use crate::record::State;
use crate::store::Store;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::fixture::Tamper;

/// Rounds of live work against the sweep: many where they cost nothing.
const ROUNDS: u32 = 2_000;
const ROUNDS_REAL: u32 = 50;

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
    hold!(report.removed == 1, "found {} removed, expected the good row alone", report.removed);
    Ok(())
}

/// Claims, renewals and completions of one process while another sweeps all the time.
pub(super) async fn sweeping_takes_nothing_from_live_work(bench: &Bench) -> Checked {
    let (rounds, part) = match bench.fixture().clock {
        Some(_) => (ROUNDS, bench.lease() / 8),
        None => (ROUNDS_REAL, bench.lease() / 50),
    };
    let ended = Arc::new(AtomicBool::new(false));
    let sweeper = tokio::spawn(sweep_until(Arc::clone(bench.other()), Arc::clone(&ended)));
    let worked = work(bench, rounds, part).await;
    ended.store(true, Ordering::Release);
    let swept = sweeper.await.map_err(|error| Stop::Failed(format!("the sweep ended badly: {error}")))?;
    bench.step(|| format!("meanwhile {} sweeps", swept.as_ref().map_or(0, |(sweeps, _)| *sweeps)));
    worked?;
    let (_, removed) = swept?;
    // What expired is gone, by one sweep or another.
    bench.pass_lease().await?;
    let last = bench.sweep(usize::MAX).await?;
    let all = removed + last.removed;
    hold!(all == u64::from(rounds), "found {all} records swept, expected {rounds}: one a round expired");
    Ok(())
}

async fn work(bench: &Bench, rounds: u32, part: std::time::Duration) -> Checked {
    let kept = bench.key()?;
    let mut long = bench.worker(&kept);
    long.granted().await?;
    for _ in 0..rounds {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        want!(a.renew().await?, RenewVerdict::Renewed);
        want!(long.renew().await?, RenewVerdict::Renewed);
        a.done_for(b"short", part).await?;
        bench.fixture().pass(part).await?;
    }
    long.done(b"done").await
}

async fn sweep_until(store: Arc<dyn Store>, ended: Arc<AtomicBool>) -> Checked<(u64, u64)> {
    let (mut sweeps, mut removed) = (0, 0);
    while !ended.load(Ordering::Acquire) {
        let report = store.sweep(7).await?;
        if let Some(key) = report.stale.first() {
            return Err(Stop::Failed(format!("the sweep named a live claim as abandoned: {key}")));
        }
        (sweeps, removed) = (sweeps + 1, removed + report.removed);
        tokio::task::yield_now().await;
    }
    Ok((sweeps, removed))
}
