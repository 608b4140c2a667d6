//! Ending a claim without a result.

use crate::claim::{ClaimVerdict, FailVerdict, Failure};
use crate::record::State;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::worker::replays;

pub(super) async fn release_frees_at_once(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    want!(a.fail(Failure::Release).await?, FailVerdict::Settled(State::Retryable));
    let record = bench.record(&key).await?;
    hold!(record.state == State::Retryable, "found {}, expected retryable", record.state);
    let evidence = (record.owner, record.fence, record.attempt) == (a.claim.owner, a.fence, 1);
    hold!(evidence, "a release must keep owner, fence and attempt");
    hold!(record.error.as_deref() == Some("it failed"), "found the message {:?}", record.error);
    let mut b = bench.worker(&key).elsewhere();
    let claimed = b.granted().await?;
    hold!(claimed.began == record.created_at, "a later attempt is the same work: began at {:?}", claimed.began);
    hold!(claimed.previous.is_none(), "a released claim is not an abandoned one: found {:?}", claimed.previous);
    b.done(b"the second time").await?;
    let record = bench.record(&key).await?;
    hold!(record.error.is_none(), "a completed record keeps no failure: found {:?}", record.error);
    replays(&bench.worker(&key).claim().await?, b"the second time")
}

pub(super) async fn failure_is_remembered_for_its_time(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    want!(a.fail(Failure::Store(bench.lease())).await?, FailVerdict::Settled(State::Failed));
    bench.pass(bench.lease() / 2).await?;
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Failed(ref record) if record.retry_at.is_some());
    want!(a.claim().await?, ClaimVerdict::Failed(_));
    bench.pass(bench.lease() * 3 / 4).await?;
    want!(a.claim().await?, ClaimVerdict::Stale);
    let claimed = bench.worker(&key).granted().await?;
    hold!(claimed.attempt == 2, "found attempt {}, expected 2", claimed.attempt);
    Ok(())
}

pub(super) async fn parked_stays_parked(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    want!(a.fail(Failure::Park).await?, FailVerdict::Settled(State::Parked));
    bench.pass(bench.lease() * 4).await?;
    for elsewhere in [false, true] {
        let worker = bench.worker(&key);
        let mut worker = if elsewhere { worker.elsewhere() } else { worker };
        want!(worker.claim().await?, ClaimVerdict::Parked(_));
    }
    want!(a.claim().await?, ClaimVerdict::Parked(_));
    let record = bench.record(&key).await?;
    hold!(record.expires_at.is_none(), "a parked record must not expire");
    Ok(())
}

pub(super) async fn repeated_failure_answers_the_same(bench: &Bench) -> Checked {
    let ways = [
        (Failure::Release, State::Retryable),
        (Failure::NotStarted, State::Retryable),
        (Failure::Store(bench.lease() * 4), State::Failed),
        (Failure::Park, State::Parked),
    ];
    for (how, state) in ways {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        for again in [a.clone(), a.clone().elsewhere()] {
            match again.fail(how).await? {
                FailVerdict::Settled(found) if found == state => {}
                found => return Err(Stop::found(&found, &format!("Settled({state:?})"))),
            }
        }
        let attempt = if how == Failure::NotStarted { 0 } else { 1 };
        let record = bench.record(&key).await?;
        hold!(record.attempt == attempt, "{how:?}: found attempt {}, expected {attempt}", record.attempt);
    }
    Ok(())
}

pub(super) async fn failure_of_a_stranger_is_refused(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    let stranger = bench.worker(&key);
    for how in [Failure::Release, Failure::NotStarted, Failure::Store(bench.lease()), Failure::Park] {
        want!(stranger.fail(how).await?, FailVerdict::LeaseLost(State::Running));
    }
    a.done(b"done").await?;
    want!(stranger.fail(Failure::Release).await?, FailVerdict::LeaseLost(State::Completed));
    want!(a.fail(Failure::Release).await?, FailVerdict::LeaseLost(State::Completed));
    replays(&bench.worker(&key).claim().await?, b"done")
}
