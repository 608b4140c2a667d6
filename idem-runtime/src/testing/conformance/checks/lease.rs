//! Holding a claim.

use std::sync::Arc;
use std::time::Duration;

use crate::claim::{ClaimVerdict, ClearVerdict, Failure, RenewVerdict, ResolveRequest, ResolveVerdict};
use crate::policy::OnStale;
use crate::record::State;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::fixture::Tamper;

pub(super) async fn renewal_holds_the_claim(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    for _ in 0..4 {
        bench.pass(bench.lease() / 2).await?;
        want!(a.renew().await?, RenewVerdict::Renewed);
        want!(bench.worker(&key).elsewhere().claim().await?, ClaimVerdict::Running { lease_left: Some(left), .. }
            if left > bench.lease() / 2);
    }
    a.done(b"long").await
}

pub(super) async fn renewal_revives_a_lease_that_is_over(bench: &Bench) -> Checked {
    for on_stale in [OnStale::Rerun, OnStale::Park, OnStale::Reconcile] {
        let key = bench.key()?;
        let mut a = bench.worker(&key).with(|claim| claim.on_stale = on_stale);
        a.granted().await?;
        bench.pass_lease().await?;
        want!(a.renew().await?, RenewVerdict::Renewed);
        want!(bench.worker(&key).claim().await?, ClaimVerdict::Running { .. });
    }
    Ok(())
}

pub(super) async fn renewal_of_a_lost_claim_says_what_is_there(bench: &Bench) -> Checked {
    let key = bench.key()?;
    want!(bench.worker(&key).renew().await?, RenewVerdict::LeaseLost(None));
    let endings = ["taken over", "completed", "released", "failed", "parked", "cancelled", "cleared"];
    for ending in endings {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        match ending {
            "taken over" => {
                bench.pass_lease().await?;
                bench.worker(&key).granted().await?;
            }
            "completed" => a.done(b"done").await?,
            "released" => drop(a.fail(Failure::Release).await?),
            "failed" => drop(a.fail(Failure::Store(bench.lease() * 4)).await?),
            "parked" => drop(a.fail(Failure::Park).await?),
            "cancelled" => drop(bench.cancel(&key).await?),
            _ => drop(bench.clear(&key, true).await?),
        }
        let before = bench.record(&key).await?;
        match a.renew().await? {
            RenewVerdict::LeaseLost(Some(state)) if state == before.state => {}
            found => return Err(Stop::found(&found, &format!("LeaseLost({:?}): it was {ending}", before.state))),
        }
        let after = bench.record(&key).await?;
        hold!(before == after, "{ending}: the refused renewal changed the record");
    }
    Ok(())
}

pub(super) async fn renewals_are_answered_one_for_one(bench: &Bench) -> Checked {
    let none = bench.note(|| "renew nothing".into(), bench.store().renew(&[])).await?;
    hold!(none.is_empty(), "found {} answers to no request", none.len());
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for number in 0..60 {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        let answer = match number % 4 {
            0 => RenewVerdict::LeaseLost(None),
            1 => {
                bench.worker(&key).granted().await?;
                RenewVerdict::LeaseLost(Some(State::Running))
            }
            2 => {
                a.granted().await?;
                a.done(b"done").await?;
                RenewVerdict::LeaseLost(Some(State::Completed))
            }
            _ => {
                a.granted().await?;
                RenewVerdict::Renewed
            }
        };
        requests.push(a.renewal());
        expected.push(Ok(answer));
    }
    let what = || format!("renew {} claims at once", requests.len());
    let found = bench.note(what, bench.store().renew(&requests)).await?;
    hold!(found == expected, "found {found:?}, expected {expected:?}");
    Ok(())
}

pub(super) async fn lease_of_zero_is_a_lease(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key).with(|claim| claim.lease = Duration::ZERO);
    for _ in 0..2 {
        let claimed = a.granted().await?;
        hold!(!claimed.lease_left.is_zero(), "found nothing left of the lease");
        let record = bench.record(&key).await?;
        let held = record.state == State::Running && record.lease_until.is_some_and(|until| until > record.updated_at);
        hold!(held, "found a lease until {:?}, given at {}", record.lease_until, record.updated_at);
        bench.pass(Duration::from_millis(5)).await?;
    }
    want!(a.renew().await?, RenewVerdict::Renewed);
    a.done(b"done").await
}

pub(super) async fn claim_without_a_deadline_is_no_orphan(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    bench.tamper(&key, Tamper::NoDeadline).await?;
    bench.pass(bench.lease() * 4).await?;
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Running { lease_left: None, .. });
    want!(bench.clear(&key, false).await?, ClearVerdict::InProgress(None));
    want!(bench.resolve(&key, ResolveRequest::Retry).await?, ResolveVerdict::NotParked(Some(State::Running)));
    let swept = bench.sweep(1_000).await?;
    hold!(!swept.stale.contains(&key), "the sweep named a claim without a deadline as abandoned");
    want!(a.claim().await?, ClaimVerdict::Claimed(_));
    a.done(b"done").await
}

pub(super) async fn keeper_sees_the_same_records(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    let keeper = bench.store().keeper().await?;
    bench.step(|| "the keeper's handle is opened".into());
    bench.pass(bench.lease() / 2).await?;
    let renewed = bench.note(|| "the keeper renews".into(), keeper.renew(&[a.renewal()])).await?;
    hold!(renewed == [Ok(RenewVerdict::Renewed)], "found {renewed:?}, expected Renewed");
    bench.pass(bench.lease() * 3 / 4).await?;
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Running { .. });
    let released = bench.note(|| "the keeper releases".into(), keeper.fail(&a.failure(Failure::Release))).await?;
    want!(released, crate::claim::FailVerdict::Settled(State::Retryable));
    bench.worker(&key).granted().await?;
    Ok(())
}

pub(super) async fn clocks_of_clients_change_nothing(bench: &Bench) -> Checked {
    let handles = &bench.fixture().skewed;
    if handles.is_empty() {
        return Err(Stop::Skipped("the fixture has no handles of clients with wrong clocks".into()));
    }
    let key = bench.key()?;
    let mut fence = 0;
    for handle in handles {
        let mut a = bench.worker(&key).through(Arc::clone(handle));
        let claimed = a.granted().await?;
        hold!(claimed.fence > fence, "found fence {}, expected more than {fence}", claimed.fence);
        fence = claimed.fence;
        for rival in handles {
            let mut b = bench.worker(&key).through(Arc::clone(rival));
            want!(b.claim().await?, ClaimVerdict::Running { lease_left: Some(left), .. } if left <= bench.lease());
            want!(a.renew().await?, RenewVerdict::Renewed);
        }
        bench.pass_lease().await?;
    }
    Ok(())
}

pub(super) async fn time_is_that_of_the_leases(bench: &Bench) -> Checked {
    let key = bench.key()?;
    bench.worker(&key).granted().await?;
    let end = bench.record(&key).await?.lease_until;
    let end = end.ok_or_else(|| Stop::Failed("found a claim without a deadline, expected one".into()))?;
    let handles: Vec<_> = [bench.store(), bench.other()].into_iter().chain(&bench.fixture().skewed).collect();
    let mut last = None;
    for handle in &handles {
        let now = bench.note(|| "what time is it".to_owned(), handle.now(&key)).await?;
        hold!(last.is_none_or(|last| last <= now), "found {now}, before {last:?}, which was told before");
        let left = end.since(now);
        hold!(!left.is_zero() && left <= bench.lease(), "found {now}, expected the lease to end at {end}");
        last = Some(now);
    }
    bench.pass_lease().await?;
    for handle in &handles {
        let now = bench.note(|| "what time is it".to_owned(), handle.now(&key)).await?;
        hold!(now >= end, "found {now}, expected a time after the end of the lease at {end}");
    }
    Ok(())
}
