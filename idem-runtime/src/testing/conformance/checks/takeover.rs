//! What becomes of a claim whose owner is gone.

use crate::claim::{ClaimRequest, ClaimVerdict, CompleteVerdict, FailVerdict, Failure, Previous};
use crate::policy::OnStale;
use crate::record::State;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};

pub(super) async fn abandoned_claim_is_taken_over(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    bench.pass(bench.lease() / 2).await?;
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Running { .. });
    let before = bench.record(&key).await?;
    bench.pass_lease().await?;
    let mut b = bench.worker(&key).elsewhere();
    let claimed = b.granted().await?;
    hold!(claimed.attempt == 2, "found attempt {}, expected 2", claimed.attempt);
    let expected = before.lease_until.map(|lease_until| Previous {
        attempt: 1,
        fence: a.fence,
        created_at: before.created_at,
        lease_until,
    });
    hold!(claimed.previous == expected, "found {:?}, expected {expected:?}", claimed.previous);
    hold!(claimed.fence > a.fence, "found fence {}, expected more than {}", claimed.fence, a.fence);
    Ok(())
}

pub(super) async fn abandoned_claim_under_park_is_parked(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key).with(|claim| claim.on_stale = OnStale::Park);
    a.granted().await?;
    bench.pass_lease().await?;
    // The newcomer would run it again; the abandoned claim's word decides.
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Parked(ref record) if record.owner == a.claim.owner);
    want!(bench.worker(&key).elsewhere().claim().await?, ClaimVerdict::Parked(_));
    let record = bench.record(&key).await?;
    hold!(record.state == State::Parked, "found {}, expected parked", record.state);
    hold!(record.expires_at.is_none(), "a parked record must not expire");
    hold!(record.error.is_some(), "a parked record must say why");
    Ok(())
}

pub(super) async fn abandoned_claim_under_reconcile_goes_to_one_that_asks(bench: &Bench) -> Checked {
    let asks = |claim: &mut ClaimRequest| claim.on_stale = OnStale::Reconcile;
    let key = bench.key()?;
    let mut a = bench.worker(&key).with(asks);
    a.granted().await?;
    bench.pass_lease().await?;
    let mut b = bench.worker(&key).with(asks);
    let claimed = b.granted().await?;
    let previous = claimed.previous.map(|previous| (previous.attempt, previous.fence));
    hold!(previous == Some((1, a.fence)), "found {previous:?}, expected (1, {})", a.fence);
    // Its own crash is one more abandoned claim, and nobody runs it without asking.
    bench.pass_lease().await?;
    want!(bench.worker(&key).elsewhere().claim().await?, ClaimVerdict::Parked(ref record) if record.attempt == 2);
    let record = bench.record(&key).await?;
    hold!(record.expires_at.is_none(), "a parked record must not expire");
    Ok(())
}

pub(super) async fn newcomers_policy_does_not_park(bench: &Bench) -> Checked {
    let key = bench.key()?;
    bench.worker(&key).granted().await?;
    bench.pass_lease().await?;
    let mut b = bench.worker(&key).with(|claim| {
        claim.on_stale = OnStale::Park;
        claim.max_attempts = Some(1);
    });
    b.granted().await?;
    Ok(())
}

pub(super) async fn used_up_attempts_park(bench: &Bench) -> Checked {
    for abandoned in [true, false] {
        let key = bench.key()?;
        for attempt in 1..=2 {
            let mut a = bench.worker(&key).with(|claim| claim.max_attempts = Some(2));
            a.granted().await?;
            let expected = if attempt < 2 { State::Retryable } else { State::Parked };
            if abandoned {
                bench.pass_lease().await?;
            } else {
                match a.fail(Failure::Release).await? {
                    FailVerdict::Settled(state) if state == expected => {}
                    found => return Err(Stop::found(&found, &format!("Settled({expected:?})"))),
                }
            }
        }
        want!(bench.worker(&key).claim().await?, ClaimVerdict::Parked(ref record) if record.attempt == 2);
    }
    Ok(())
}

pub(super) async fn remembered_failure_parks_on_the_last_attempt(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key).with(|claim| claim.max_attempts = Some(1));
    a.granted().await?;
    want!(a.fail(Failure::Store(bench.lease())).await?, FailVerdict::Settled(State::Parked));
    bench.pass_lease().await?;
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Parked(_));
    Ok(())
}

pub(super) async fn completion_of_the_old_owner_is_refused(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    bench.pass(bench.lease() * 3).await?;
    let mut b = bench.worker(&key).elsewhere();
    b.granted().await?;
    // The new owner still runs.
    let mut late = a.completion(b"the old owner's");
    late.may_restore = true;
    let running = bench.record(&key).await?;
    want!(a.send(&late).await?, CompleteVerdict::LeaseLost(Some(State::Running)));
    let still = bench.record(&key).await?;
    hold!(running == still, "the refused completion changed the record");
    // The new owner is done.
    b.done(b"the new owner's").await?;
    let done = bench.record(&key).await?;
    want!(a.send(&late).await?, CompleteVerdict::LeaseLost(Some(State::Completed)));
    want!(a.fail(Failure::Release).await?, FailVerdict::LeaseLost(State::Completed));
    let still = bench.record(&key).await?;
    hold!(done == still, "the refused completion changed the completed record");
    Ok(())
}

pub(super) async fn failure_of_the_old_owner_is_refused(bench: &Bench) -> Checked {
    for how in [Failure::Release, Failure::NotStarted, Failure::Store(bench.lease()), Failure::Park] {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        bench.pass_lease().await?;
        bench.worker(&key).elsewhere().granted().await?;
        let before = bench.record(&key).await?;
        want!(a.fail(how).await?, FailVerdict::LeaseLost(State::Running));
        let after = bench.record(&key).await?;
        hold!(before == after, "the refused failure ({how:?}) changed the record");
    }
    Ok(())
}

pub(super) async fn owner_back_before_a_takeover_goes_on(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    bench.pass_lease().await?;
    want!(a.complete(b"late, and still the only one").await?, CompleteVerdict::Completed { restored: false, .. });
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    bench.pass_lease().await?;
    want!(a.fail(Failure::Release).await?, FailVerdict::Settled(State::Retryable));
    Ok(())
}
