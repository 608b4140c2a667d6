//! Calls that meet: what one of them learns, the others may rely on, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::join_all;
use idem::testing::{Fault, Op};
use idem::{Delivery, Error, idempotent};

use crate::support::{AppError, Gate, away, on_each_store, until};

tokio::task_local! {
    static ENTERED: Arc<AtomicU32>;
}

/// Waits until two bodies were entered.
async fn both_are_in() {
    let entered = ENTERED.get();
    entered.fetch_add(1, Ordering::SeqCst);
    until("both bodies are entered", async || entered.load(Ordering::SeqCst) >= 2).await;
}

#[idempotent(name = "it.duplicates.a")]
async fn a(id: u32) -> Result<u32, AppError> {
    both_are_in().await;
    Box::pin(b(id)).await
}

#[idempotent(name = "it.duplicates.b")]
async fn b(id: u32) -> Result<u32, AppError> {
    both_are_in().await;
    Box::pin(relay(id)).await
}

/// Calls `a` on behalf of `b`: the wait is not the body's own.
#[idempotent(name = "it.duplicates.relay")]
async fn relay(id: u32) -> Result<u32, AppError> {
    Box::pin(a(id)).await
}

#[idempotent(name = "it.duplicates.charge")]
async fn charge(order: u32, cents: u32) -> Result<u32, AppError> {
    Ok(cents)
}

on_each_store! {
    /// R30: two bodies that wait for each other, called by two callers
    async fn r30_bodies_that_wait_for_each_other_fail_at_once(bench: Bench) {
        let begun = Instant::now();
        let both = ENTERED.scope(Arc::default(), async { tokio::join!(a(1), b(1)) });
        let (a, b) = tokio::time::timeout(crate::support::BOUND, bench.runtime.enter(both)).await.expect("they wait for ever");
        assert!(begun.elapsed() < Duration::from_secs(1));
        let reentrant = [&a, &b].into_iter().filter(|result| matches!(result, Err(AppError::Idem(Error::Reentrant { .. })))).count();
        assert!(reentrant >= 1, "{a:?} {b:?}");
    }

    async fn a_duplicate_is_not_judged_by_a_leader_that_the_store_refuses(bench: Bench) {
        bench.runtime.enter(async {
            let run = |cents| Delivery::new().idempotency_key("k").unwrap().run(charge::call(1, cents));
            assert!(run(5).await.unwrap().is_fresh());
            bench.store.faults().next(Op::Claim, Fault::HoldReply);
            let mut wrong = Box::pin(run(4242));
            assert!((&mut wrong).now_or_never().is_none());
            let mut right = Box::pin(run(5));
            assert!((&mut right).now_or_never().is_none(), "it waits for what the store says of the leader");
            bench.store.faults().release();
            let (wrong, right) = tokio::join!(wrong, right);
            assert!(matches!(wrong, Err(AppError::Idem(Error::Mismatch { .. }))), "{wrong:?}");
            assert!(right.unwrap().is_replayed());
        }).await;
    }

    /// Bodies of two processes that wait for each other cannot see it (decision 7)
    async fn a_call_made_in_a_body_waits_for_one_lease_at_most(bench: Bench) {
        let gate = Gate::new(1);
        let other = bench.other_process();
        let call = |runtime: &idem::Runtime, task: &str| runtime.call(task).lease("100ms").arg("id", &1);
        let (held, waited) = tokio::join!(
            call(&other, "it.duplicates.held").run(async || Ok::<_, AppError>(gate.pass().await)),
            async {
                gate.entered().await;
                let inner = async || call(&bench.runtime, "it.duplicates.held").run(async || Ok::<_, AppError>(2)).await;
                let waited = call(&bench.runtime, "it.duplicates.waits").run(async || Ok::<_, AppError>(inner().await?.into_value())).await;
                gate.open();
                waited
            }
        );
        assert!(matches!(waited, Err(AppError::Idem(Error::InProgress { .. }))), "{waited:?}");
        assert_eq!(held.unwrap().into_value(), 1);
    }

    async fn duplicates_share_the_answer_that_the_store_is_away(bench: Bench) {
        bench.store.faults().always(Op::Claim, away());
        let run = || bench.runtime.call("it.duplicates.away").arg("id", &1).run(async || Ok::<_, AppError>(1));
        for result in join_all((0..20).map(|_| run())).await {
            assert!(matches!(result, Err(AppError::Idem(Error::StoreUnavailable { effect: false, .. }))), "{result:?}");
        }
        assert_eq!(bench.count(Op::Claim), 3, "a claim is sent three times, and not for each duplicate");
        bench.store.faults().heal();
        assert!(run().await.unwrap().is_fresh());
    }

    /// The reply of the completion is lost, and the next heartbeat is told that the claim has ended: by this completion.
    async fn a_heartbeat_that_meets_its_own_completion_does_not_stop_the_telling(bench: Bench) {
        let real = bench.in_real_time().await;
        real.store.faults().times(Op::Complete, 5, Fault::LoseReply);
        let call = real.runtime.call("it.duplicates.told").lease("600ms").strict(true).arg("id", &1);
        let outcome = call.run(async || Ok::<_, AppError>(1)).await.unwrap();
        assert!(outcome.is_fresh() && outcome.call().recorded);
    }

    async fn current_is_this_call_also_in_the_closures_own_part(bench: Bench) {
        let call = |task: &str| bench.runtime.call(task).arg("id", &1);
        let inner = || {
            let key = idem::current().key().map(|key| key.task().to_owned());
            async move { Ok::<_, AppError>(key) }
        };
        let outer = call("it.duplicates.outer").run(async || Ok::<_, AppError>(call("it.duplicates.inner").run(inner).await?.into_value()));
        assert_eq!(outer.await.unwrap().into_value().as_deref(), Some("it.duplicates.inner"));
    }

    async fn a_call_that_is_cancelled_while_it_runs_says_that_its_body_was_entered(bench: Bench) {
        let gate = Gate::new(1);
        let entered = AtomicU32::new(0);
        let run = || bench.runtime.call("it.duplicates.cancel").arg("id", &1).run(async || {
            entered.fetch_add(1, Ordering::SeqCst);
            Ok::<_, AppError>(gate.pass().await)
        });
        let (cancelled, ()) = tokio::join!(run(), async {
            gate.entered().await;
            let key = bench.runtime.key("it.duplicates.cancel").arg("id", &1).make().unwrap();
            assert!(bench.runtime.cancel(&key).await.unwrap());
            gate.open();
        });
        assert!(matches!(cancelled, Err(AppError::Idem(Error::Cancelled { effect: true, .. }))), "{cancelled:?}");
        assert!(cancelled.unwrap_err().to_string().contains("its effect may have taken place"));
        assert!(matches!(run().await, Err(AppError::Idem(Error::Cancelled { effect: false, .. }))));
        assert_eq!(entered.load(Ordering::SeqCst), 1);
    }
}
