//! What an operator does: cancel, clear, resolve.

use crate::claim::{CancelVerdict, ClaimVerdict, ClearVerdict, Failure, RenewVerdict, ResolveRequest, ResolveVerdict};
use crate::policy::Retention;
use crate::record::{State, StoredResult};
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::worker::{TTL, replays};

pub(super) async fn cancel_refuses_later_deliveries(bench: &Bench) -> Checked {
    let key = bench.key()?;
    for _ in 0..2 {
        want!(bench.cancel(&key).await?, CancelVerdict::Cancelled);
        want!(bench.worker(&key).claim().await?, ClaimVerdict::Cancelled(_));
    }
    let record = bench.record(&key).await?;
    hold!(record.state == State::Cancelled, "found {}, expected cancelled", record.state);
    // Of a running call.
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    want!(bench.cancel(&key).await?, CancelVerdict::Cancelled);
    want!(a.renew().await?, RenewVerdict::LeaseLost(Some(State::Cancelled)));
    want!(a.claim().await?, ClaimVerdict::Cancelled(_));
    want!(bench.worker(&key).elsewhere().claim().await?, ClaimVerdict::Cancelled(_));
    Ok(())
}

pub(super) async fn cancel_comes_too_late_for_a_completed_call(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    a.done(b"done").await?;
    want!(bench.cancel(&key).await?, CancelVerdict::AlreadyCompleted);
    replays(&bench.worker(&key).claim().await?, b"done")
}

pub(super) async fn clear_lets_a_key_run_again(bench: &Bench) -> Checked {
    for state in ["completed", "released", "failed", "parked", "cancelled", "stale"] {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        let first = a.granted().await?;
        match state {
            "completed" => a.done(b"secret").await?,
            "released" => drop(a.fail(Failure::Release).await?),
            "failed" => drop(a.fail(Failure::Store(bench.lease() * 4)).await?),
            "parked" => drop(a.fail(Failure::Park).await?),
            "cancelled" => drop(bench.cancel(&key).await?),
            _ => bench.pass_lease().await?,
        }
        for _ in 0..2 {
            want!(bench.clear(&key, false).await?, ClearVerdict::Cleared);
        }
        let record = bench.record(&key).await?;
        hold!(record.state == State::Cleared, "{state}: found {}, expected cleared", record.state);
        hold!(record.result.is_none() && record.error.is_none(), "{state}: what was cleared is still there");
        let claimed = bench.worker(&key).granted().await?;
        hold!(claimed.attempt == 1, "{state}: found attempt {}, expected 1", claimed.attempt);
        hold!(claimed.began > first.began, "{state}: what is cleared is other work, which begins later");
        hold!(claimed.previous.is_none(), "{state}: found {:?}, expected no previous claim", claimed.previous);
    }
    Ok(())
}

pub(super) async fn clear_of_a_live_claim_needs_force(bench: &Bench) -> Checked {
    let key = bench.key()?;
    want!(bench.clear(&key, false).await?, ClearVerdict::Absent);
    want!(bench.clear(&key, true).await?, ClearVerdict::Absent);
    let mut a = bench.worker(&key);
    a.granted().await?;
    want!(bench.clear(&key, false).await?, ClearVerdict::InProgress(Some(left)) if left <= bench.lease());
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Running { .. });
    want!(bench.clear(&key, true).await?, ClearVerdict::Cleared);
    want!(a.renew().await?, RenewVerdict::LeaseLost(Some(State::Cleared)));
    bench.worker(&key).granted().await?;
    Ok(())
}

pub(super) async fn tombstone_ends_with_the_longest_lease(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    a.done(b"done").await?;
    want!(bench.clear(&key, false).await?, ClearVerdict::Cleared);
    bench.pass_lease().await?;
    let found = bench.get(&key).await?;
    hold!(found.is_none(), "found {:?}, expected nothing", found.map(|record| record.state));
    want!(bench.clear(&key, false).await?, ClearVerdict::Absent);
    Ok(())
}

pub(super) async fn operator_resolves_what_is_not_known(bench: &Bench) -> Checked {
    let result = StoredResult::Envelope(b"seen at the bank".as_slice().into());
    let words = [
        (ResolveRequest::Completed(result, Retention::For(TTL)), State::Completed),
        (ResolveRequest::Retry, State::Retryable),
        (ResolveRequest::Cancel, State::Cancelled),
    ];
    for abandoned in [false, true] {
        for (word, state) in &words {
            let key = bench.key()?;
            let mut a = bench.worker(&key);
            a.granted().await?;
            if abandoned {
                bench.pass_lease().await?;
            } else {
                a.fail(Failure::Park).await?;
            }
            match bench.resolve(&key, word.clone()).await? {
                ResolveVerdict::Resolved(found) if found == *state => {}
                found => return Err(Stop::found(&found, &format!("Resolved({state:?})"))),
            }
            let mut b = bench.worker(&key).elsewhere();
            match state {
                State::Completed => replays(&b.claim().await?, b"seen at the bank")?,
                State::Cancelled => want!(b.claim().await?, ClaimVerdict::Cancelled(_)),
                _ => {
                    want!(a.claim().await?, ClaimVerdict::Stale);
                    let claimed = b.granted().await?;
                    hold!(claimed.attempt == 2, "found attempt {}, expected 2", claimed.attempt);
                }
            }
        }
    }
    Ok(())
}

pub(super) async fn only_what_is_not_known_is_resolved(bench: &Bench) -> Checked {
    let key = bench.key()?;
    want!(bench.resolve(&key, ResolveRequest::Retry).await?, ResolveVerdict::NotParked(None));
    for state in ["running", "released", "failed", "completed", "cancelled", "cleared"] {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        match state {
            "released" => drop(a.fail(Failure::Release).await?),
            "failed" => drop(a.fail(Failure::Store(bench.lease() * 4)).await?),
            "completed" => a.done(b"done").await?,
            "cancelled" => drop(bench.cancel(&key).await?),
            "cleared" => drop(bench.clear(&key, true).await?),
            _ => {}
        }
        let before = bench.record(&key).await?;
        for word in [ResolveRequest::Retry, ResolveRequest::Cancel] {
            match bench.resolve(&key, word).await? {
                ResolveVerdict::NotParked(Some(found)) if found == before.state => {}
                found => return Err(Stop::found(&found, &format!("NotParked({:?})", before.state))),
            }
        }
        let after = bench.record(&key).await?;
        hold!(before == after, "{state}: the refused word changed the record");
    }
    Ok(())
}
