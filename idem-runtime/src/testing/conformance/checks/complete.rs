//! Ending a claim with its result.

use crate::claim::{
    CancelVerdict, ClaimVerdict, ClearVerdict, CompleteVerdict, FailVerdict, Failure, ResolveRequest, ResolveVerdict,
};
use crate::policy::Retention;
use crate::record::{State, StoredResult};
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::worker::{TTL, replays, same_result};

pub(super) async fn completion_is_replayed(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    a.done(b"the result").await?;
    let record = bench.record(&key).await?;
    hold!(record.state == State::Completed, "found {}, expected completed", record.state);
    hold!(record.completed_at.is_some(), "a completed record must say since when");
    hold!(record.lease_until.is_none(), "a completed record holds no lease");
    hold!((record.fence, record.attempt) == (a.fence, a.attempt), "found {}", record.fence);
    replays(&bench.worker(&key).claim().await?, b"the result")?;
    replays(&bench.worker(&key).elsewhere().claim().await?, b"the result")
}

pub(super) async fn repeated_completion_answers_the_same(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    a.done(b"the result").await?;
    let before = bench.record(&key).await?;
    bench.pass(bench.lease() / 2).await?;
    for again in [a.clone(), a.clone().elsewhere()] {
        match again.complete(b"the result").await? {
            CompleteVerdict::Completed { record, restored: false } => {
                same_result(record.result.as_ref(), &StoredResult::Envelope(b"the result".as_slice().into()))?;
                hold!((record.fence, record.attempt) == (a.fence, a.attempt), "found fence {}", record.fence);
            }
            found => return Err(Stop::found(&found, "Completed, not restored")),
        }
    }
    let after = bench.record(&key).await?;
    hold!(before == after, "the repeated completion changed the record, or its time");
    Ok(())
}

pub(super) async fn completion_asks_for_owner_and_fence(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    let mut stranger = bench.worker(&key);
    stranger.fence = a.fence;
    want!(stranger.complete(b"stolen").await?, CompleteVerdict::LeaseLost(Some(State::Running)));
    let mut older = a.clone();
    older.fence -= 1;
    want!(older.complete(b"of another claim").await?, CompleteVerdict::LeaseLost(Some(State::Running)));
    a.done(b"mine").await?;
    want!(stranger.complete(b"stolen").await?, CompleteVerdict::LeaseLost(Some(State::Completed)));
    replays(&bench.worker(&key).claim().await?, b"mine")
}

pub(super) async fn completion_after_giving_up_is_refused(bench: &Bench) -> Checked {
    for how in [Failure::Release, Failure::NotStarted, Failure::Store(bench.lease() * 4)] {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        a.fail(how).await?;
        let before = bench.record(&key).await?;
        let mut late = a.completion(b"too late");
        late.may_restore = true;
        want!(a.send(&late).await?, CompleteVerdict::LeaseLost(Some(State::Retryable | State::Failed)));
        let after = bench.record(&key).await?;
        hold!(before == after, "the refused completion changed the record");
    }
    Ok(())
}

pub(super) async fn completion_of_a_parked_claim_is_accepted(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    want!(a.fail(Failure::Park).await?, FailVerdict::Settled(State::Parked));
    want!(bench.worker(&key).complete(b"not mine").await?, CompleteVerdict::LeaseLost(Some(State::Parked)));
    a.done(b"it took place after all").await?;
    replays(&bench.worker(&key).claim().await?, b"it took place after all")
}

pub(super) async fn completion_after_cancel_is_refused(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    want!(bench.cancel(&key).await?, CancelVerdict::Cancelled);
    want!(a.complete(b"too late").await?, CompleteVerdict::LeaseLost(Some(State::Cancelled)));
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Cancelled(_));
    Ok(())
}

pub(super) async fn tombstone_refuses_a_late_completion(bench: &Bench) -> Checked {
    let key = bench.key()?;
    // A renewal asked for less than the claim did: the longest lease counts.
    let mut a = bench.worker(&key).with(|claim| claim.lease = bench.lease() * 2);
    a.granted().await?;
    let mut shorter = a.clone();
    shorter.claim.lease = bench.lease() / 4;
    shorter.renew().await?;
    want!(bench.clear(&key, true).await?, ClearVerdict::Cleared);
    let mut late = a.completion(b"too late");
    late.may_restore = true;
    want!(a.send(&late).await?, CompleteVerdict::LeaseLost(Some(State::Cleared)));
    bench.pass(bench.lease() * 3 / 4).await?;
    want!(a.send(&late).await?, CompleteVerdict::LeaseLost(Some(State::Cleared)));
    let mut b = bench.worker(&key);
    let claimed = b.granted().await?;
    hold!(claimed.attempt == 1, "found attempt {}, expected 1 after a clear", claimed.attempt);
    want!(a.send(&late).await?, CompleteVerdict::LeaseLost(Some(State::Running)));
    Ok(())
}

pub(super) async fn forgotten_claim_is_restored_only_where_allowed(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key).with(|claim| claim.max_attempts = Some(9));
    // The store knows nothing of a claim that it granted once.
    (a.fence, a.attempt) = (1_000, 3);
    want!(a.complete(b"done").await?, CompleteVerdict::LeaseLost(None));
    let found = bench.get(&key).await?;
    hold!(found.is_none(), "the refused completion wrote a record");
    let mut request = a.completion(b"done");
    request.may_restore = true;
    want!(a.send(&request).await?, CompleteVerdict::Completed { restored: true, .. });
    let record = bench.record(&key).await?;
    let kept = (record.fence, record.attempt, record.owner) == (1_000, 3, a.claim.owner);
    hold!(kept, "found fence {} and attempt {}, expected those of the claim", record.fence, record.attempt);
    replays(&bench.worker(&key).elsewhere().claim().await?, b"done")?;
    want!(a.send(&request).await?, CompleteVerdict::Completed { restored: false, .. });
    Ok(())
}

pub(super) async fn restored_completion_keeps_the_fence(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    bench.clear(&key, true).await?;
    let mut b = bench.worker(&key);
    b.granted().await?;
    b.done_for(b"short", bench.lease()).await?;
    bench.pass_lease().await?;
    // The record's time is over, and a completion of an older claim may restore it: no later claim may get a lower fence.
    let mut late = a.completion(b"old");
    late.may_restore = true;
    want!(a.send(&late).await?, CompleteVerdict::Completed { restored: true, .. });
    bench.clear(&key, true).await?;
    let claimed = bench.worker(&key).granted().await?;
    hold!(claimed.fence > b.fence, "found fence {}, expected more than {}", claimed.fence, b.fence);
    Ok(())
}

pub(super) async fn retention_counts_from_completion(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    for _ in 0..4 {
        bench.pass(bench.lease() / 2).await?;
        a.renew().await?;
    }
    // The body took two leases; its result is kept for one.
    a.done_for(b"kept", bench.lease()).await?;
    bench.pass(bench.lease() / 2).await?;
    replays(&bench.worker(&key).claim().await?, b"kept")?;
    bench.pass(bench.lease() * 3 / 4).await?;
    let claimed = bench.worker(&key).granted().await?;
    hold!(claimed.attempt == 1, "found attempt {}, expected 1: the record's time was over", claimed.attempt);
    Ok(())
}

pub(super) async fn forever_is_forever(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    let mut request = a.completion(b"kept");
    request.retention = Retention::Forever;
    want!(a.send(&request).await?, CompleteVerdict::Completed { .. });
    let record = bench.record(&key).await?;
    hold!(record.expires_at.is_none(), "found an end at {:?}, expected none", record.expires_at);
    bench.pass(TTL * 24 * 365 * 10).await?;
    bench.sweep(1_000).await?;
    replays(&bench.worker(&key).claim().await?, b"kept")
}

pub(super) async fn operators_result_is_not_the_owners(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    a.fail(Failure::Park).await?;
    let result = StoredResult::Envelope(b"the operator's".as_slice().into());
    let resolved = bench.resolve(&key, ResolveRequest::Completed(result, Retention::For(TTL))).await?;
    want!(resolved, ResolveVerdict::Resolved(State::Completed));
    let before = bench.record(&key).await?;
    want!(a.complete(b"the owner's").await?, CompleteVerdict::LeaseLost(Some(State::Completed)));
    let after = bench.record(&key).await?;
    hold!(before == after, "the refused completion changed the record");
    replays(&bench.worker(&key).claim().await?, b"the operator's")?;
    replays(&a.claim().await?, b"the operator's")
}
