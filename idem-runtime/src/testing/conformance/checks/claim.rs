//! Claiming: granted, refused, said again, said too late.

use crate::claim::{ClaimVerdict, ClearVerdict, CompleteVerdict, FailVerdict, Failure, ResolveRequest, ResolveVerdict};
use crate::key::TaskIdent;
use crate::record::State;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::worker::replays;
use std::num::NonZeroU32;

pub(super) async fn claim_of_absent_is_granted(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    let claimed = a.granted().await?;
    hold!(claimed.attempt == 1, "found attempt {}, expected 1", claimed.attempt);
    hold!(claimed.fence > 0, "found fence 0, expected a fence above it");
    hold!(claimed.previous.is_none(), "found {:?}, expected no previous claim", claimed.previous);
    hold!(claimed.lease_left <= bench.lease(), "found {:?} of a lease of {:?}", claimed.lease_left, bench.lease());
    hold!(!claimed.lease_left.is_zero(), "found nothing left of the lease");
    Ok(())
}

pub(super) async fn claim_of_a_held_key_is_running(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    for mut rival in [bench.worker(&key), bench.worker(&key).elsewhere()] {
        want!(rival.claim().await?, ClaimVerdict::Running { lease_left: Some(left), ref record }
            if left <= bench.lease() && record.owner == a.claim.owner && record.holder == a.claim.holder);
    }
    Ok(())
}

pub(super) async fn repeated_claim_answers_the_same(bench: &Bench) -> Checked {
    let key = bench.key()?;
    bench.worker(&key).granted_and(Failure::Release).await?;
    let mut a = bench.worker(&key);
    let first = a.granted().await?;
    for mut again in [a.clone(), a.clone().elsewhere()] {
        let second = again.granted().await?;
        let same = (second.fence, second.attempt) == (first.fence, first.attempt);
        hold!(same, "found {second:?}, expected the fence and attempt of {first:?}");
    }
    // Also where the lease has run out meanwhile, and nobody took the claim over: then it holds again.
    bench.pass_lease().await?;
    let third = a.granted().await?;
    let same = (third.fence, third.attempt) == (first.fence, first.attempt);
    hold!(same, "found {third:?}, expected the fence and attempt of {first:?}");
    want!(bench.worker(&key).claim().await?, ClaimVerdict::Running { .. });
    Ok(())
}

pub(super) async fn late_claim_after_release_is_stale(bench: &Bench) -> Checked {
    for how in [Failure::Release, Failure::NotStarted] {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        a.granted().await?;
        want!(a.fail(how).await?, FailVerdict::Settled(State::Retryable));
        want!(a.clone().elsewhere().claim().await?, ClaimVerdict::Stale);
        bench.worker(&key).granted().await?;
        want!(a.claim().await?, ClaimVerdict::Running { .. });
    }
    Ok(())
}

pub(super) async fn late_claim_of_a_caller_that_gave_up_is_stale(bench: &Bench) -> Checked {
    // Nothing is there yet: the caller gives up before its request arrives.
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    want!(a.fail(Failure::NotStarted).await?, FailVerdict::Settled(State::Retryable));
    want!(a.claim().await?, ClaimVerdict::Stale);
    let claimed = bench.worker(&key).granted().await?;
    hold!(claimed.attempt == 1, "found attempt {}, expected 1: nobody had claimed", claimed.attempt);
    // A record that nobody holds is there.
    let key = bench.key()?;
    bench.worker(&key).granted_and(Failure::Release).await?;
    let mut b = bench.worker(&key);
    want!(b.fail(Failure::NotStarted).await?, FailVerdict::Settled(State::Retryable));
    want!(b.claim().await?, ClaimVerdict::Stale);
    let claimed = bench.worker(&key).granted().await?;
    hold!(claimed.attempt == 2, "found attempt {}, expected 2", claimed.attempt);
    Ok(())
}

pub(super) async fn late_claim_after_clear_is_stale(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    want!(bench.clear(&key, true).await?, ClearVerdict::Cleared);
    want!(a.claim().await?, ClaimVerdict::Stale);
    // One that had given up as well.
    let mut b = bench.worker(&key);
    want!(b.fail(Failure::NotStarted).await?, FailVerdict::LeaseLost(State::Cleared));
    want!(b.claim().await?, ClaimVerdict::Stale);
    let claimed = bench.worker(&key).granted().await?;
    hold!(claimed.attempt == 1, "found attempt {}, expected 1 after a clear", claimed.attempt);
    Ok(())
}

pub(super) async fn fence_grows_with_every_claim(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut highest = 0;
    for round in
        ["absent", "released", "not started", "taken over", "cleared", "expired", "expired and swept", "resolved"]
    {
        let mut a = bench.worker(&key);
        let claimed = a.granted().await?;
        hold!(claimed.fence > highest, "{round}: found fence {}, expected more than {highest}", claimed.fence);
        highest = claimed.fence;
        let record = bench.record(&key).await?;
        hold!(record.fence == highest, "{round}: the record has fence {}, the claim {highest}", record.fence);
        match round {
            "absent" => drop(a.fail(Failure::Release).await?),
            "released" => drop(a.fail(Failure::NotStarted).await?),
            "not started" => bench.pass_lease().await?,
            "taken over" => want!(bench.clear(&key, true).await?, ClearVerdict::Cleared),
            "expired and swept" => {
                want!(a.fail(Failure::Park).await?, FailVerdict::Settled(State::Parked));
                let retry = bench.resolve(&key, ResolveRequest::Retry).await?;
                want!(retry, ResolveVerdict::Resolved(State::Retryable));
            }
            _ => {
                a.done_for(b"done", bench.lease()).await?;
                bench.pass_lease().await?;
                if round == "expired" {
                    bench.sweep(1_000).await?;
                }
            }
        }
    }
    Ok(())
}

pub(super) async fn attempts_count_claims_that_ran(bench: &Bench) -> Checked {
    let key = bench.key()?;
    for (how, attempt) in [
        (Failure::Release, 1),
        (Failure::NotStarted, 2),
        (Failure::NotStarted, 2),
        (Failure::Release, 2),
        (Failure::Release, 3),
    ] {
        let mut a = bench.worker(&key);
        let claimed = a.granted().await?;
        hold!(claimed.attempt == attempt, "found attempt {}, expected {attempt}", claimed.attempt);
        want!(a.fail(how).await?, FailVerdict::Settled(State::Retryable));
    }
    Ok(())
}

pub(super) async fn mismatch_is_said_in_every_state(bench: &Bench) -> Checked {
    let states = ["running", "stale", "released", "failed", "parked", "cancelled", "completed"];
    for state in states {
        let (key, fingerprint) = bench.key_with("10 EUR")?;
        let number = bench.last_key();
        let mut a = bench.worker(&key).with(|claim| claim.fingerprint = Some(fingerprint.clone()));
        a.granted().await?;
        match state {
            "stale" => bench.pass_lease().await?,
            "released" => drop(a.fail(Failure::Release).await?),
            "failed" => drop(a.fail(Failure::Store(bench.lease())).await?),
            "parked" => drop(a.fail(Failure::Park).await?),
            "cancelled" => drop(bench.cancel(&key).await?),
            "completed" => a.done(b"paid").await?,
            _ => {}
        }
        let differs = bench.fingerprint(number, "20 EUR")?;
        let mut b = bench.worker(&key).with(|claim| claim.fingerprint = Some(differs)).elsewhere();
        match b.claim().await? {
            ClaimVerdict::Mismatch { arguments } if arguments == ["amount"] => {}
            found => return Err(Stop::found(&found, &format!("Mismatch(amount) while {state}"))),
        }
        let record = bench.record(&key).await?;
        hold!(record.owner == a.claim.owner, "{state}: the refused claim changed the record");
        hold!(record.fingerprint.as_ref() == Some(&fingerprint), "{state}: the fingerprint was not kept");
    }
    Ok(())
}

pub(super) async fn forgotten_arguments_do_not_mismatch(bench: &Bench) -> Checked {
    for state in ["cleared", "stub", "expired"] {
        let (key, fingerprint) = bench.key_with("10 EUR")?;
        let number = bench.last_key();
        let mut a = bench.worker(&key).with(|claim| claim.fingerprint = Some(fingerprint));
        match state {
            "cleared" => {
                a.granted().await?;
                bench.clear(&key, true).await?;
            }
            "stub" => drop(a.fail(Failure::NotStarted).await?),
            _ => {
                a.granted().await?;
                a.done_for(b"paid", bench.lease()).await?;
                bench.pass_lease().await?;
            }
        }
        let differs = bench.fingerprint(number, "20 EUR")?;
        let mut b = bench.worker(&key).with(|claim| claim.fingerprint = Some(differs.clone()));
        b.granted().await?;
        let record = bench.record(&key).await?;
        hold!(record.fingerprint == Some(differs), "{state}: the record kept the forgotten arguments");
    }
    Ok(())
}

pub(super) async fn keys_are_apart(bench: &Bench) -> Checked {
    let task = |name: &str, version| TaskIdent::new(name, NonZeroU32::MIN.saturating_add(version));
    let (mine, theirs) = (task("pay", 0), task("refund", 0));
    let keys = [
        bench.key_of(&mine, Some("acme"), "order-1", "x")?,
        bench.key_of(&mine, Some("globex"), "order-1", "x")?,
        bench.key_of(&mine, None, "order-1", "x")?,
        bench.key_of(&task("pay", 1), Some("acme"), "order-1", "x")?,
        bench.key_of(&theirs, Some("acme"), "order-1", "x")?,
    ];
    let mut workers = Vec::new();
    for (key, _) in &keys {
        let mut worker = bench.worker(key);
        let claimed = worker.granted().await?;
        hold!(claimed.attempt == 1, "found attempt {}, expected 1: the key is another's", claimed.attempt);
        workers.push(worker);
    }
    // Interleaved, so that a store which remembers "the last claim" is caught.
    for (number, worker) in workers.iter().enumerate().rev() {
        worker.done(format!("result {number}").as_bytes()).await?;
    }
    for (number, (key, _)) in keys.iter().enumerate() {
        replays(&bench.worker(key).elsewhere().claim().await?, format!("result {number}").as_bytes())?;
    }
    Ok(())
}

pub(super) async fn every_answer_is_the_same_to_all(bench: &Bench) -> Checked {
    let completed = bench.key()?;
    let mut a = bench.worker(&completed);
    a.granted().await?;
    want!(a.complete(b"done").await?, CompleteVerdict::Completed { restored: false, .. });
    let failed = bench.key()?;
    bench.worker(&failed).granted_and(Failure::Store(bench.lease() * 4)).await?;
    let parked = bench.key()?;
    bench.worker(&parked).granted_and(Failure::Park).await?;
    let cancelled = bench.key()?;
    bench.cancel(&cancelled).await?;
    for elsewhere in [false, true] {
        let worker = |key| {
            let worker = bench.worker(key);
            if elsewhere { worker.elsewhere() } else { worker }
        };
        replays(&worker(&completed).claim().await?, b"done")?;
        want!(worker(&failed).claim().await?, ClaimVerdict::Failed(ref record) if record.error.as_deref() == Some("it failed"));
        want!(worker(&parked).claim().await?, ClaimVerdict::Parked(ref record) if record.error.as_deref() == Some("it failed"));
        want!(worker(&cancelled).claim().await?, ClaimVerdict::Cancelled(_));
    }
    replays(&a.claim().await?, b"done")
}
