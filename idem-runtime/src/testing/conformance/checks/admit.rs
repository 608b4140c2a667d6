//! Asking before the queue.

use std::sync::Arc;
use std::time::Duration;

use crate::claim::{AdmitVerdict, ClaimVerdict, FailVerdict, Failure, RenewVerdict};
use crate::policy::OnStale;
use crate::record::{RECORD_FORMAT, State};
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::brief::Brief;
use crate::testing::conformance::checks::crowd;
use crate::testing::conformance::worker::{Worker, replays};

/// Longer than any check takes.
fn long(bench: &Bench) -> Duration {
    bench.lease() * 40
}

fn policy(on_stale: OnStale, max_attempts: Option<u32>) -> impl Fn(Worker<'_>) -> Worker<'_> {
    move |worker| worker.with(|claim| (claim.on_stale, claim.max_attempts) = (on_stale, max_attempts))
}

pub(super) async fn first_to_ask_is_admitted(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let a = bench.worker(&key);
    a.admitted(long(bench)).await?;
    for other in [bench.worker(&key), bench.worker(&key).elsewhere()] {
        match other.admit(long(bench)).await? {
            AdmitVerdict::Queued { record, .. } if record.owner == a.claim.owner && record.completed_at.is_none() => {}
            found => return Err(Stop::found(&found, "Queued, with the first caller's ticket")),
        }
    }
    let record = bench.record(&key).await?;
    hold!(record.state == State::Pending, "found {}, expected pending", record.state);
    hold!(record.attempt == 0, "found attempt {}, expected none", record.attempt);
    hold!(record.format == RECORD_FORMAT, "a pending record is of format {RECORD_FORMAT}: found {}", record.format);
    Ok(())
}

pub(super) async fn what_a_delivery_did_is_answered(bench: &Bench) -> Checked {
    let (running, done, failed, cancelled) = (bench.key()?, bench.key()?, bench.key()?, bench.key()?);
    let lasting = |key| bench.worker(key).with(|claim| claim.lease = long(bench));
    let mut a = lasting(&running);
    a.granted().await?;
    want!(bench.worker(&running).admit(long(bench)).await?,
        AdmitVerdict::Running { lease_left: Some(left), ref record } if !left.is_zero() && record.fence == a.fence);
    want!(a.renew().await?, RenewVerdict::Renewed);
    let mut b = lasting(&done);
    b.granted().await?;
    b.done(b"done").await?;
    match bench.worker(&done).elsewhere().admit(long(bench)).await? {
        AdmitVerdict::Completed(record) => replays(&ClaimVerdict::Completed(record), b"done")?,
        found => return Err(Stop::found(&found, "Completed")),
    }
    lasting(&failed).granted_and(Failure::Store(long(bench))).await?;
    want!(bench.worker(&failed).admit(long(bench)).await?, AdmitVerdict::Failed(ref record) if record.error.is_some());
    bench.cancel(&cancelled).await?;
    want!(bench.worker(&cancelled).admit(long(bench)).await?, AdmitVerdict::Cancelled(_));
    let (key, ours) = bench.key_with("10 EUR")?;
    let other = bench.fingerprint(bench.last_key(), "20 EUR")?;
    bench.worker(&key).with(|claim| claim.fingerprint = Some(ours)).admitted(long(bench)).await?;
    let mismatched = bench.worker(&key).with(|claim| claim.fingerprint = Some(other));
    want!(mismatched.admit(long(bench)).await?, AdmitVerdict::Mismatch { ref arguments } if arguments == &["amount"]);
    want!(mismatched.clone().claim().await?, ClaimVerdict::Mismatch { .. });
    Ok(())
}

pub(super) async fn unknown_outcomes_are_not_admitted(bench: &Bench) -> Checked {
    let ways = [(OnStale::Park, None), (OnStale::Reconcile, None), (OnStale::Rerun, Some(1))];
    let mut abandoned = Vec::new();
    for (on_stale, max_attempts) in ways {
        let key = bench.key()?;
        let mut a = policy(on_stale, max_attempts)(bench.worker(&key));
        a.granted().await?;
        abandoned.push((key, a));
    }
    bench.pass_lease().await?;
    for (key, a) in abandoned {
        want!(bench.worker(&key).admit(long(bench)).await?, AdmitVerdict::Unknown(_));
        // A question is no verdict over the owner: it may still be late.
        a.done(b"late").await?;
    }
    let parked = bench.key()?;
    bench.worker(&parked).granted_and(Failure::Park).await?;
    want!(bench.worker(&parked).admit(long(bench)).await?, AdmitVerdict::Unknown(ref record) if record.state == State::Parked);
    Ok(())
}

pub(super) async fn delivery_takes_what_is_pending(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let producer = bench.worker(&key);
    producer.admitted(long(bench)).await?;
    let mut consumer = bench.worker(&key).with(|claim| claim.lease = long(bench)).elsewhere();
    let claimed = consumer.granted().await?;
    hold!(claimed.attempt == 1, "found attempt {}, expected 1", claimed.attempt);
    hold!(claimed.previous.is_none(), "a ticket is no abandoned claim: found {:?}", claimed.previous);
    want!(producer.admit(long(bench)).await?, AdmitVerdict::Running { .. });
    want!(producer.renew().await?, RenewVerdict::LeaseLost(Some(State::Running)));
    want!(producer.fail(Failure::NotStarted).await?, FailVerdict::LeaseLost(State::Running));
    consumer.done(b"done").await?;
    want!(producer.admit(long(bench)).await?, AdmitVerdict::Completed(_));
    Ok(())
}

pub(super) async fn admission_keeps_the_attempts(bench: &Bench) -> Checked {
    let (released, abandoned) = (bench.key()?, bench.key()?);
    let mut fences = Vec::new();
    for key in [&released, &abandoned] {
        let mut a = policy(OnStale::Rerun, Some(3))(bench.worker(key));
        a.granted().await?;
        fences.push((a.fence, bench.record(key).await?.created_at));
        if key == &released {
            a.fail(Failure::Release).await?;
        }
    }
    bench.pass_lease().await?;
    for (key, (fence, began)) in [released, abandoned].iter().zip(fences) {
        bench.worker(key).admitted(long(bench)).await?;
        let record = bench.record(key).await?;
        let kept = (record.attempt, record.fence, record.max_attempts) == (1, fence, Some(3));
        hold!(kept, "found {}, expected attempt 1 of 3 and fence {fence}", record.brief());
        let claimed = bench.worker(key).granted().await?;
        hold!(claimed.attempt == 2, "found attempt {}, expected 2", claimed.attempt);
        hold!(claimed.fence > fence, "found fence {}, expected one above {fence}", claimed.fence);
        hold!(claimed.began == began, "a later attempt is the same work: began at {:?}", claimed.began);
    }
    Ok(())
}

pub(super) async fn repeated_admission_answers_the_same(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let a = bench.worker(&key);
    a.admitted(long(bench)).await?;
    let before = bench.record(&key).await?;
    for again in [a.clone(), a.clone().elsewhere()] {
        again.admitted(long(bench)).await?;
    }
    let after = bench.record(&key).await?;
    hold!(before == after, "an admission sent again changed the record: {} to {}", before.brief(), after.brief());
    Ok(())
}

pub(super) async fn late_admission_of_a_ticket_given_back_is_stale(bench: &Bench) -> Checked {
    let (asked, unasked) = (bench.key()?, bench.key()?);
    let a = bench.worker(&asked);
    a.admitted(long(bench)).await?;
    for again in [a.clone(), a.clone().elsewhere()] {
        want!(again.fail(Failure::NotStarted).await?, FailVerdict::Settled(State::Retryable));
    }
    want!(a.admit(long(bench)).await?, AdmitVerdict::Stale);
    // The release overtook its own question.
    let b = bench.worker(&unasked);
    want!(b.fail(Failure::NotStarted).await?, FailVerdict::Settled(State::Retryable));
    want!(b.admit(long(bench)).await?, AdmitVerdict::Stale);
    for key in [&asked, &unasked] {
        let record = bench.record(key).await?;
        hold!(record.fingerprint.is_none(), "what nobody claimed says nothing about arguments");
        bench.worker(key).admitted(long(bench)).await?;
        let claimed = bench.worker(key).granted().await?;
        hold!(claimed.attempt == 1, "found attempt {}, expected 1: a ticket is no attempt", claimed.attempt);
    }
    let stranger = bench.worker(&asked);
    want!(stranger.fail(Failure::NotStarted).await?, FailVerdict::LeaseLost(State::Running));
    Ok(())
}

pub(super) async fn ticket_runs_out(bench: &Bench) -> Checked {
    let (asked, claimed) = (bench.key()?, bench.key()?);
    for key in [&asked, &claimed] {
        bench.worker(key).admitted(bench.lease()).await?;
    }
    bench.pass_lease().await?;
    hold!(bench.get(&asked).await?.is_none(), "a ticket that ran out leaves nothing where nobody claimed");
    bench.worker(&asked).elsewhere().admitted(long(bench)).await?;
    let found = bench.worker(&claimed).granted().await?;
    hold!(found.attempt == 1, "found attempt {}, expected 1", found.attempt);
    Ok(())
}

pub(super) async fn kept_ticket_stays(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let a = bench.worker(&key);
    a.admitted(bench.lease() * 2).await?;
    let keep = |lease| a.clone().with(|claim| claim.lease = lease);
    want!(keep(long(bench)).renew().await?, RenewVerdict::Renewed);
    let until = bench.record(&key).await?.retry_at;
    want!(keep(bench.lease()).elsewhere().renew().await?, RenewVerdict::Renewed);
    let after = bench.record(&key).await?.retry_at;
    hold!(until == after, "a ticket was shortened, or prolonged without need: {until:?} to {after:?}");
    want!(bench.worker(&key).renew().await?, RenewVerdict::LeaseLost(Some(State::Pending)));
    bench.pass(bench.lease() * 5 / 2).await?;
    want!(bench.worker(&key).admit(long(bench)).await?,
        AdmitVerdict::Queued { ref record, .. } if record.completed_at.is_some());
    Ok(())
}

pub(super) async fn attempts_outlive_a_ticket(bench: &Bench) -> Checked {
    let key = bench.key()?;
    bench.worker(&key).granted_and(Failure::Release).await?;
    bench.worker(&key).admitted(bench.lease()).await?;
    bench.pass_lease().await?;
    bench.sweep(1_000).await?;
    let claimed = bench.worker(&key).granted().await?;
    hold!(claimed.attempt == 2, "found attempt {}, expected 2", claimed.attempt);
    Ok(())
}

pub(super) async fn one_of_many_is_admitted(bench: &Bench) -> Checked {
    for key in crowd::fresh(bench)? {
        let ask = |number: usize| {
            let worker = bench.worker(&key);
            let worker = if number.is_multiple_of(2) { worker } else { worker.elsewhere() };
            let (store, request) = (Arc::clone(&worker.store), worker.admission(long(bench)));
            tokio::spawn(async move { store.admit(&request).await })
        };
        let asked: Vec<_> = (0..8).map(ask).collect();
        let mut admitted = 0;
        for answer in asked {
            match answer.await.map_err(crowd::panicked)?? {
                AdmitVerdict::Admitted => admitted += 1,
                AdmitVerdict::Queued { .. } => {}
                found => return Err(Stop::found(&found, "Admitted or Queued")),
            }
        }
        hold!(admitted == 1, "{admitted} callers were told to enqueue the job, expected one");
    }
    Ok(())
}

pub(super) async fn admission_and_delivery_exclude_each_other(bench: &Bench) -> Checked {
    for key in crowd::fresh(bench)? {
        let (a, b) = (bench.worker(&key), bench.worker(&key).with(|claim| claim.lease = long(bench)).elsewhere());
        let (mine, theirs) = (Arc::clone(&a.store), Arc::clone(&b.store));
        let (admission, claim) = (a.admission(long(bench)), b.claim.clone());
        let asks = tokio::spawn(async move { mine.admit(&admission).await });
        let claims = tokio::spawn(async move { theirs.claim(&claim).await });
        let (asked, claimed) = (asks.await.map_err(crowd::panicked)??, claims.await.map_err(crowd::panicked)??);
        want!(claimed, ClaimVerdict::Claimed(ref claimed) if claimed.attempt == 1);
        want!(asked, AdmitVerdict::Admitted | AdmitVerdict::Running { .. });
        let record = bench.record(&key).await?;
        hold!(record.owner == b.claim.owner, "the record is not of the delivery that was granted the claim");
    }
    Ok(())
}
