//! The lease: kept while the body runs, lost to another owner, and the body that must not outlive it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use idem::claim::ClaimVerdict;
use idem::testing::{Fault, FaultStore, ManualClock, Op};
use idem::{Error, MemoryStore, Runtime, StoreError};

use crate::support::{AppError, Gate, away, on_each_store, until};

fn call(runtime: &Runtime, task: &str, lease: &str) -> idem::CallBuilder {
    runtime.call(task).lease(lease).arg("id", &1)
}

on_each_store! {
    /// R13: the caller's async runtime is blocked for ten leases; the keeper's thread renews
    async fn r13_a_blocked_runtime_keeps_its_lease(bench: Bench) {
        let real = bench.in_real_time().await;
        let run = call(&real.runtime, "it.r13", "500ms").run(async || {
            // tidy: allow sleep: blocking the runtime's thread is the fault under test
            std::thread::sleep(Duration::from_secs(5));
            tokio::task::yield_now().await;
            Ok::<_, AppError>(1)
        });
        let outcome = run.await.unwrap();
        assert_eq!((outcome.is_fresh(), outcome.call().attempt, outcome.call().recorded), (true, 1, true));
    }

    /// R4: the reply of the claim is lost; the same owner asks again
    async fn r04_a_lost_reply_of_the_claim_costs_no_attempt_and_no_lease(bench: Bench) {
        bench.store.faults().next(Op::Claim, Fault::LoseReply);
        let outcome = call(&bench.runtime, "it.r04", "30s").run(async || Ok::<_, AppError>(1)).await.unwrap();
        assert_eq!((outcome.is_fresh(), outcome.call().attempt), (true, 1));
        assert_eq!(bench.count(Op::Claim), 2);
    }

    async fn a_lost_request_of_the_claim_is_sent_again(bench: Bench) {
        bench.store.faults().next(Op::Claim, Fault::LoseRequest);
        let outcome = call(&bench.runtime, "it.lost_request", "30s").run(async || Ok::<_, AppError>(1)).await.unwrap();
        assert_eq!((outcome.is_fresh(), outcome.call().attempt), (true, 1));
    }

    /// R5 in the pipeline: the reply of the completion is lost
    async fn a_lost_reply_of_the_completion_changes_nothing(bench: Bench) {
        bench.store.faults().next(Op::Complete, Fault::LoseReply);
        let outcome = call(&bench.runtime, "it.r05", "30s").run(async || Ok::<_, AppError>(1)).await.unwrap();
        assert!(outcome.is_fresh() && outcome.call().recorded);
        assert!(call(&bench.runtime, "it.r05", "30s").run(async || Ok::<_, AppError>(2)).await.unwrap().is_replayed());
    }

    /// The claim goes to another owner while the body runs: the heartbeat learns it, and the body is dropped.
    async fn a_body_whose_claim_was_cleared_is_dropped_at_its_next_await(bench: Bench) {
        let real = bench.in_real_time().await;
        let gate = Gate::new(1);
        let (lost, ()) = tokio::join!(
            call(&real.runtime, "it.lease.cleared", "2s").run(async || Ok::<_, AppError>(gate.pass().await)),
            async {
                gate.entered().await;
                let key = real.runtime.key("it.lease.cleared").arg("id", &1).make().unwrap();
                assert!(matches!(real.runtime.clear(&key).await, Err(Error::InProgress { .. })), "a live claim is not cleared unasked");
                assert!(real.runtime.clear_forced(&key).await.unwrap());
            }
        );
        let lost = lost.unwrap_err();
        assert!(matches!(lost, AppError::Idem(Error::LeaseLost { .. })), "{lost}");
        let next = call(&real.runtime, "it.lease.cleared", "2s").run(async || Ok::<_, AppError>(2)).await.unwrap();
        assert_eq!((next.is_fresh(), next.into_value()), (true, 2));
    }

    /// R12: heartbeats are cut; the holder stops by its own deadline, before the store lets another in
    async fn r12_a_holder_without_heartbeats_stops_before_the_stores_expiry(bench: Bench) {
        let real = bench.in_real_time().await;
        real.store.keeper_faults().always(Op::Renew, Fault::LoseRequest);
        let dropped = AtomicU32::new(0);
        struct Last<'a>(&'a AtomicU32);
        impl Drop for Last<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let run = call(&real.runtime, "it.r12", "200ms").run(async || {
            let _last = Last(&dropped);
            std::future::pending::<()>().await;
            Ok::<_, AppError>(1)
        });
        let lost = run.await.unwrap_err();
        assert!(matches!(lost, AppError::Idem(Error::LeaseLost { .. })), "{lost}");
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
        real.store.keeper_faults().heal();
        let next = call(&real.runtime, "it.r12", "200ms").run(async || Ok::<_, AppError>(2)).await.unwrap();
        assert_eq!((next.is_fresh(), next.call().attempt), (true, 2));
    }

    /// A store that hangs on what dropped calls left behind still gets its heartbeats.
    async fn a_settlement_that_hangs_does_not_delay_heartbeats(bench: Bench) {
        let real = bench.in_real_time().await;
        real.store.keeper_faults().always(Op::Fail, Fault::HoldRequest);
        let gate = Gate::new(1);
        let mut dropped = Box::pin(call(&real.runtime, "it.hang.dropped", "30s").run(async || Ok::<_, AppError>(gate.pass().await)));
        until("the body runs", async || { _ = futures::poll!(&mut dropped); gate.entries() == 1 }).await;
        drop(dropped);
        until("the keeper hangs on the release", async || real.store.keeper_faults().count(Op::Fail) == 1).await;
        let (outcome, ()) = tokio::join!(
            call(&real.runtime, "it.hang.running", "2s").run(async || Ok::<_, AppError>(gate.pass().await)),
            async {
                until("two heartbeats are sent", async || real.store.keeper_faults().count(Op::Renew) >= 2).await;
                gate.open();
            }
        );
        assert!(outcome.unwrap().call().recorded);
        real.store.keeper_faults().release();
    }

    /// Only an unanswered claim is released by the keeper: a refused one was not applied.
    async fn a_claim_that_was_refused_leaves_nothing_to_the_keeper(bench: Bench) {
        let full = StoreError::Full { store: "the test's store".into(), reason: "1 record".into() };
        bench.store.faults().next(Op::Claim, Fault::Error(full));
        let refused = call(&bench.runtime, "it.refused", "30s").run(async || Ok::<_, AppError>(1)).await.unwrap_err();
        assert!(matches!(refused, AppError::Idem(Error::StoreUnavailable { effect: false, .. })), "{refused}");
        let gate = Gate::new(1);
        let mut dropped = Box::pin(call(&bench.runtime, "it.refused.next", "30s").run(async || Ok::<_, AppError>(gate.pass().await)));
        until("the body runs", async || { _ = futures::poll!(&mut dropped); gate.entries() == 1 }).await;
        drop(dropped);
        until("the keeper settles it", async || bench.store.keeper_faults().count(Op::Fail) == 1).await;
        let log = bench.store.keeper_faults().log();
        let settled: Vec<_> = log.iter().filter(|call| call.op == Op::Fail).filter_map(|call| call.key.clone()).collect();
        assert!(settled.iter().all(|key| key.contains("it.refused.next")), "{settled:?}");
    }

    async fn ensure_owned_tells_a_body_whose_claim_is_gone(bench: Bench) {
        let run = call(&bench.runtime, "it.lease.owned", "30s").run(async || {
            let current = idem::current();
            current.ensure_owned().await?;
            let key = current.key().cloned().unwrap();
            assert!(current.fence().is_some_and(|fence| fence > 0));
            assert_eq!((current.attempt(), current.cancelled()), (1, false));
            bench.runtime.clear_forced(&key).await?;
            current.ensure_owned().await?;
            Ok::<_, AppError>(1)
        });
        let lost = run.await.unwrap_err();
        assert!(matches!(lost, AppError::Idem(Error::LeaseLost { .. })), "{lost}");
    }

    async fn derive_key_is_the_same_on_every_attempt_and_another_for_every_effect(bench: Bench) {
        let keys = std::sync::Mutex::new(Vec::new());
        let run = || call(&bench.runtime, "it.derive", "30s").run(async || {
            let current = idem::current();
            keys.lock().unwrap().push((current.derive_key("charge")?, current.derive_key("mail")?));
            Err::<u32, _>(AppError::Body("again".into()))
        });
        _ = run().await;
        _ = run().await;
        let keys = keys.into_inner().unwrap();
        assert_eq!(keys[0], keys[1]);
        assert_ne!(keys[0].0, keys[0].1);
        assert!(idem::current().derive_key("charge").is_err(), "there is no claim out here");
    }

    async fn a_store_that_is_away_fails_closed_and_the_body_is_not_entered(bench: Bench) {
        bench.store.faults().always(Op::Claim, away());
        let entered = AtomicU32::new(0);
        let run = || call(&bench.runtime, "it.away", "30s").run(async || Ok::<_, AppError>(entered.fetch_add(1, Ordering::SeqCst)));
        let error = run().await.unwrap_err();
        let AppError::Idem(error) = error else { panic!("{error}") };
        assert!(matches!(error, Error::StoreUnavailable { effect: false, .. }) && error.is_retryable(), "{error}");
        assert_eq!(entered.load(Ordering::SeqCst), 0);
        bench.store.faults().heal();
        assert!(run().await.unwrap().is_fresh());
    }

    async fn a_store_that_is_away_lets_the_body_run_where_the_task_says_so(bench: Bench) {
        bench.store.faults().always(Op::Claim, away());
        let run = call(&bench.runtime, "it.open", "30s").on_store_error(idem::policy::OnStoreError::Run);
        let outcome = run.run(async || {
            assert_eq!((idem::current().fence(), idem::current().attempt()), (None, 0));
            Ok::<_, AppError>(1)
        }).await.unwrap();
        assert_eq!((outcome.kind(), outcome.call().recorded), ("unprotected", false));
    }

    async fn an_effect_that_could_not_be_recorded_is_told(bench: Bench) {
        let real = bench.in_real_time().await;
        real.store.faults().always(Op::Complete, away());
        let loose = call(&real.runtime, "it.unrecorded", "400ms").run(async || Ok::<_, AppError>(1));
        let loose = loose.await.unwrap();
        assert!(loose.is_fresh() && !loose.call().recorded);
        let strict = call(&real.runtime, "it.unrecorded.strict", "400ms").strict(true).run(async || Ok::<_, AppError>(1));
        let error = strict.await.unwrap_err();
        assert!(matches!(error, AppError::Idem(Error::StoreUnavailable { effect: true, .. })), "{error}");
        assert!(error.to_string().contains("its effect took place"), "{error}");
    }

    async fn a_completion_that_the_store_refuses_is_sent_once(bench: Bench) {
        let refusal = StoreError::Corrupt { key: "0".into(), reason: "the test says so".into() };
        bench.store.faults().next(Op::Complete, Fault::Error(refusal));
        let outcome = call(&bench.runtime, "it.refused", "30s").run(async || Ok::<_, AppError>(1)).await.unwrap();
        assert!(outcome.is_fresh() && !outcome.call().recorded);
        assert_eq!(bench.count(Op::Complete), 1);
    }

    /// R29
    async fn r29_a_body_longer_than_its_ttl_runs_once(bench: Bench) {
        let gate = Gate::new(1);
        let run = || call(&bench.runtime, "it.r29", "30s").ttl("1s").run(async || Ok::<_, AppError>(gate.pass().await));
        let (first, second, ()) = tokio::join!(run(), run(), async {
            gate.entered().await;
            bench.clock.advance(Duration::from_secs(20));
            gate.open();
        });
        assert!(first.unwrap().is_fresh() && second.unwrap().is_replayed());
        assert_eq!(gate.entries(), 1);
        bench.clock.advance(Duration::from_millis(900));
        assert!(run().await.unwrap().is_replayed(), "the ttl counts from the completion");
        bench.clock.advance(Duration::from_millis(200));
        gate.open();
        assert!(run().await.unwrap().is_fresh());
    }

    /// LEASE-3: the answer to a claim is later than its lease, and so is another sending of it, which took the key back from
    /// whoever had taken it over meanwhile. The body runs under the claim that holds, and its completion is taken.
    async fn a_late_answer_to_a_claim_that_was_taken_over_and_back_enters_under_the_fence_that_holds(bench: Bench) {
        let faults = bench.store.faults();
        faults.next(Op::Claim, Fault::Late);
        faults.next(Op::Claim, Fault::HoldReply);
        let over = Duration::from_secs(31);
        let (outcome, held) = tokio::join!(
            call(&bench.runtime, "it.late_answer", "30s").run(async || Ok::<_, AppError>(idem::current().fence())),
            async {
                faults.reached(Op::Claim, 2).await;
                let key = bench.runtime.key("it.late_answer").arg("id", &1).make().unwrap();
                let inner = bench.store.inner();
                until("the claim is granted", async || inner.get(&key).await.unwrap().is_some()).await;
                bench.clock.advance(over);
                let other = crate::support::claim(key.clone());
                assert!(matches!(inner.claim(&other).await.unwrap(), ClaimVerdict::Claimed(taken) if taken.attempt == 2));
                bench.clock.advance(other.lease);
                assert_eq!(faults.deliver().await, 1, "the first sending of the claim");
                let held = inner.get(&key).await.unwrap().unwrap();
                assert_eq!(held.attempt, 3);
                faults.release();
                held
            }
        );
        let outcome = outcome.unwrap();
        assert_eq!((outcome.is_fresh(), outcome.call().recorded, outcome.call().attempt), (true, true, 3));
        assert_eq!(outcome.into_value(), Some(held.fence));
    }

    /// R20, R21 through the pipeline: a lease of nothing is refused in words
    async fn r21_a_lease_of_nothing_is_refused(bench: Bench) {
        for (lease, says) in [("0s", "it is zero"), ("-5s", "does not read"), ("1ms", "must be 50ms or longer"), ("soon", "does not read")] {
            let error = call(&bench.runtime, "it.r21", lease).run(async || Ok::<_, AppError>(1)).await.unwrap_err();
            assert!(matches!(error, AppError::Idem(Error::Config(_))), "{error}");
            assert!(error.to_string().contains(says), "{error}");
        }
        until("nothing was asked", async || bench.count(Op::Claim) == 0).await;
    }
}

/// The store forgot it, as one does whose clock jumped or whose memory was full: the holder knows better.
#[tokio::test]
async fn a_record_that_is_gone_while_its_holder_lives_is_written_anew() {
    let jumps = ManualClock::new();
    let store = FaultStore::new(Arc::new(MemoryStore::builder().clock(Arc::new(jumps.clone())).build()));
    let runtime = Runtime::builder().store(store).clock(Arc::new(ManualClock::new())).build().unwrap();
    let run = || call(&runtime, "it.gone", "30s").ttl("1s");
    let first = run().run(async || {
        jumps.advance(Duration::from_secs(30 * 86_400));
        let key = idem::current().key().cloned().unwrap();
        assert!(runtime.status(&key).await?.is_none(), "it is forgotten");
        Ok::<_, AppError>(1)
    });
    assert!(first.await.unwrap().call().recorded);
    assert!(run().run(async || Ok::<_, AppError>(2)).await.unwrap().is_replayed());
}
