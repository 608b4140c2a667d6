//! Records whose time is over, and evidence whose time is not.

use std::time::Duration;

use crate::claim::{
    CancelVerdict, ClaimVerdict, ClearVerdict, CompleteVerdict, FailVerdict, Failure, RenewVerdict, ResolveRequest,
    ResolveVerdict,
};
use crate::policy::{OnStale, Retention};
use crate::record::State;
use crate::store::ListQuery;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::transition::MIN_GRACE;

pub(super) async fn record_whose_time_is_over_is_absent(bench: &Bench) -> Checked {
    let operations =
        ["claim", "same claim", "renew", "complete", "fail", "cancel", "clear", "clear by force", "resolve", "list"];
    for swept in [false, true] {
        for operation in operations {
            let key = bench.key()?;
            let mut a = bench.worker(&key);
            a.granted().await?;
            a.done_for(b"short", bench.lease()).await?;
            bench.pass_lease().await?;
            if swept {
                bench.sweep(1_000).await?;
            }
            let found = bench.get(&key).await?;
            hold!(found.is_none(), "get: found a record whose time is over");
            match operation {
                "claim" => {
                    want!(bench.worker(&key).claim().await?, ClaimVerdict::Claimed(ref claimed) if claimed.attempt == 1)
                }
                "same claim" => want!(a.claim().await?, ClaimVerdict::Claimed(ref claimed) if claimed.attempt == 1),
                "renew" => want!(a.renew().await?, RenewVerdict::LeaseLost(None)),
                "complete" => want!(a.complete(b"again").await?, CompleteVerdict::LeaseLost(None)),
                "fail" => want!(a.fail(Failure::Release).await?, FailVerdict::Settled(State::Retryable)),
                "cancel" => want!(bench.cancel(&key).await?, CancelVerdict::Cancelled),
                "clear" => want!(bench.clear(&key, false).await?, ClearVerdict::Absent),
                "clear by force" => want!(bench.clear(&key, true).await?, ClearVerdict::Absent),
                "resolve" => {
                    want!(bench.resolve(&key, ResolveRequest::Retry).await?, ResolveVerdict::NotParked(None));
                }
                _ => {
                    let listed = bench.list(&ListQuery::default()).await?;
                    hold!(listed.iter().all(|record| record.key != key), "list: found a record whose time is over");
                }
            }
        }
    }
    Ok(())
}

pub(super) async fn time_is_over_at_its_end_and_not_before(bench: &Bench) -> Checked {
    if bench.fixture().clock.is_none() {
        return Err(Stop::Skipped("only a manual clock stops at an instant".into()));
    }
    let (lease, instant) = (bench.lease(), Duration::from_millis(1));
    let key = bench.key()?;
    bench.worker(&key).granted().await?;
    bench.pass(lease - instant).await?;
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Running { lease_left: Some(left), .. } if left == instant);
    bench.pass(instant).await?;
    let mut b = bench.worker(&key);
    b.granted().await?;
    b.done_for(b"short", lease).await?;
    bench.pass(lease - instant).await?;
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Completed(_));
    bench.pass(instant).await?;
    let mut c = bench.worker(&key);
    c.granted().await?;
    c.fail(Failure::Store(lease)).await?;
    bench.pass(lease - instant).await?;
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Failed(_));
    bench.pass(instant).await?;
    bench.worker(&key).granted().await?;
    Ok(())
}

/// A day, whatever smaller figure a task asked for, from the end of what held the record.
pub(super) async fn evidence_is_kept_for_a_day(bench: &Bench) -> Checked {
    let instant = Duration::from_secs(1);
    for ending in ["released", "failed", "abandoned", "cancelled", "given up"] {
        let (early, late) = (bench.key()?, bench.key()?);
        for key in [&early, &late] {
            let mut a = bench.worker(key);
            if ending != "given up" {
                a.granted().await?;
            }
            match ending {
                "failed" => drop(a.fail(Failure::Store(bench.lease())).await?),
                "cancelled" => drop(bench.cancel(key).await?),
                "abandoned" => {}
                _ => drop(a.fail(Failure::Release).await?),
            }
        }
        if matches!(ending, "failed" | "abandoned") {
            bench.pass(bench.lease()).await?;
        }
        bench.pass(MIN_GRACE - instant).await?;
        let found = bench.get(&early).await?;
        hold!(found.is_some(), "{ending}: the evidence was gone before a day had passed");
        match (ending, bench.worker(&early).claim().await?) {
            ("cancelled", ClaimVerdict::Cancelled(_)) => {}
            ("given up", ClaimVerdict::Claimed(claimed)) if claimed.attempt == 1 => {}
            ("released" | "failed" | "abandoned", ClaimVerdict::Claimed(claimed)) if claimed.attempt == 2 => {}
            (_, found) => return Err(Stop::found(&found, &format!("what follows on {ending}"))),
        }
        bench.pass(instant * 2).await?;
        let found = bench.get(&late).await?;
        hold!(found.is_none(), "{ending}: the evidence was still there after a day");
    }
    Ok(())
}

pub(super) async fn longer_grace_is_kept(bench: &Bench) -> Checked {
    let (long, forever) = (bench.key()?, bench.key()?);
    let grace = |key, grace| bench.worker(key).with(|claim| claim.grace = grace);
    grace(&long, Retention::For(MIN_GRACE * 7)).granted_and(Failure::Release).await?;
    grace(&forever, Retention::Forever).granted_and(Failure::Release).await?;
    bench.pass(MIN_GRACE * 6).await?;
    bench.sweep(1_000).await?;
    let claimed = bench.worker(&long).granted().await?;
    hold!(claimed.attempt == 2, "found attempt {}, expected 2", claimed.attempt);
    bench.pass(MIN_GRACE * 3_650).await?;
    bench.sweep(1_000).await?;
    let claimed = bench.worker(&forever).granted().await?;
    hold!(claimed.attempt == 2, "found attempt {}, expected 2", claimed.attempt);
    Ok(())
}

pub(super) async fn evidence_that_forbids_a_rerun_never_runs_out(bench: &Bench) -> Checked {
    let (abandoned, parked) = (bench.key()?, bench.key()?);
    bench.worker(&abandoned).with(|claim| claim.on_stale = OnStale::Park).granted().await?;
    bench.worker(&parked).granted_and(Failure::Park).await?;
    bench.pass(MIN_GRACE * 3_650).await?;
    bench.sweep(1_000).await?;
    want!(bench.worker(&abandoned).claim().await?, ClaimVerdict::Parked(_));
    want!(bench.worker(&parked).claim().await?, ClaimVerdict::Parked(_));
    Ok(())
}
