//! An error leaves the outcome unknown: the same request sent again answers as the first would have.

use std::sync::Arc;

use crate::claim::{ClaimVerdict, CompleteVerdict, FailVerdict, Failure, RenewVerdict};
use crate::record::State;
use crate::store::Store;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};
use crate::testing::conformance::worker::{Worker, replays};
use crate::testing::{Fault, FaultStore, Op};

/// Calls of each kind whose reply is lost.
const TIMES: usize = 200;

pub(super) async fn lost_messages_double_nothing_and_lose_nothing(bench: &Bench) -> Checked {
    let faults = FaultStore::new(Arc::clone(bench.store()));
    let store: Arc<dyn Store> = Arc::new(faults.clone());
    for round in 0..TIMES {
        let fault = if round % 2 == 0 { Fault::LoseReply } else { Fault::LoseRequest };
        let key = bench.key()?;
        let worker = || bench.worker(&key).through(Arc::clone(&store));
        let mut a = worker();
        faults.faults().next(Op::Claim, fault.clone());
        unknown(a.claim().await)?;
        let claimed = a.granted().await?;
        hold!(claimed.attempt == 1, "found attempt {}, expected 1", claimed.attempt);
        faults.faults().next(Op::Renew, fault.clone());
        unknown(a.renew().await)?;
        want!(a.renew().await?, RenewVerdict::Renewed);
        faults.faults().next(Op::Fail, fault.clone());
        unknown(a.fail(Failure::Release).await)?;
        want!(a.fail(Failure::Release).await?, FailVerdict::Settled(State::Retryable));
        let mut b = worker();
        let claimed = b.granted().await?;
        hold!(claimed.attempt == 2, "found attempt {}, expected 2", claimed.attempt);
        faults.faults().next(Op::Complete, fault);
        unknown(b.complete(b"once").await)?;
        want!(b.complete(b"once").await?, CompleteVerdict::Completed { restored: false, .. });
        replays(&bench.worker(&key).elsewhere().claim().await?, b"once")?;
    }
    Ok(())
}

fn unknown<T>(answer: Checked<T>) -> Checked {
    match answer {
        Ok(_) => Err(Stop::Failed("the kit did not lose the message".into())),
        Err(_) => Ok(()),
    }
}

/// The caller gives up, releases, and only then does the request arrive.
pub(super) async fn late_requests_change_nothing(bench: &Bench) -> Checked {
    let faults = FaultStore::new(Arc::clone(bench.store()));
    // A claim, after its release.
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    unknown(late(&faults, &a, Op::Claim).claim().await)?;
    want!(a.fail(Failure::NotStarted).await?, FailVerdict::Settled(State::Retryable));
    faults.faults().deliver().await;
    want!(a.claim().await?, ClaimVerdict::Stale);
    let mut b = bench.worker(&key);
    b.granted().await?;
    // A renewal, a failure and a completion, after a takeover.
    bench.pass_lease().await?;
    unknown(late(&faults, &b, Op::Renew).renew().await)?;
    unknown(late(&faults, &b, Op::Fail).fail(Failure::Park).await)?;
    unknown(late(&faults, &b, Op::Complete).complete(b"late").await)?;
    let mut c = bench.worker(&key).elsewhere();
    c.granted().await?;
    let before = bench.record(&key).await?;
    let arrived = faults.faults().deliver().await;
    hold!(arrived == 3, "the kit delivered {arrived} late requests, expected 3");
    let after = bench.record(&key).await?;
    hold!(before == after, "a late request changed the record of the new owner");
    c.done(b"done").await
}

/// The worker, whose next operation of this kind arrives late.
fn late<'a>(faults: &FaultStore, worker: &Worker<'a>, op: Op) -> Worker<'a> {
    faults.faults().next(op, Fault::Late);
    worker.clone().through(Arc::new(faults.clone()))
}

/// A caller that drops the future of a request has learned nothing, and broken nothing.
pub(super) async fn dropped_requests_leave_the_store_usable(bench: &Bench) -> Checked {
    for polls in 0..4 {
        let key = bench.key()?;
        let mut a = bench.worker(&key);
        dropped_after(polls, a.store.claim(&a.claim)).await;
        bench.step(|| format!("a claim is dropped after {polls} polls"));
        a.granted().await?;
        dropped_after(polls, a.store.complete(&a.completion(b"done"))).await;
        bench.step(|| format!("a completion is dropped after {polls} polls"));
        a.done(b"done").await?;
        replays(&bench.worker(&key).elsewhere().claim().await?, b"done")?;
    }
    Ok(())
}

async fn dropped_after<T>(polls: usize, mut request: crate::store::StoreFuture<'_, T>) {
    for _ in 0..polls {
        let ready = std::future::poll_fn(|cx| std::task::Poll::Ready(request.as_mut().poll(cx).is_ready())).await;
        if ready {
            return;
        }
        tokio::task::yield_now().await;
    }
}
