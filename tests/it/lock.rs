//! The distributed lock.

use std::time::Duration;

use idem::testing::{Fault, Op};
use idem::{Error, LockBuilder, Runtime};

use crate::support::{away, on_each_store, on_every_store, runtime, until};

fn lock(runtime: &Runtime) -> LockBuilder {
    runtime.lock("process_batch:42")
}

on_every_store! {
    async fn a_lock_is_held_by_one_at_a_time(bench: Bench) {
        let other = bench.other_real_process();
        let held = lock(&bench.runtime).lease("5m").acquire().await.unwrap();
        assert!(held.is_held());
        let refused = lock(&other).try_acquire().await.unwrap_err();
        let Error::InProgress { retry_after, .. } = refused else { panic!("{refused}") };
        assert!(retry_after <= Duration::from_secs(300) && retry_after > Duration::from_secs(240), "{retry_after:?}");
        let elsewhere = other.lock("process_batch:43").try_acquire().await;
        assert!(elsewhere.is_ok(), "another lock is another lock");
        held.release().await.unwrap();
        assert!(lock(&other).try_acquire().await.is_ok());
    }

    async fn who_waits_gets_it_after_the_release(bench: Bench) {
        let other = bench.other_real_process();
        let held = lock(&bench.runtime).acquire().await.unwrap();
        let waiting = tokio::spawn(async move { lock(&other).wait("20s").acquire().await });
        let claims = bench.store.faults();
        claims.reached(Op::Claim, 3).await;
        assert!(!waiting.is_finished());
        let first = held.fence();
        held.release().await.unwrap();
        let next = waiting.await.unwrap().unwrap();
        assert!(next.fence() > first);
    }

    async fn waiting_has_an_end(bench: Bench) {
        let _held = lock(&bench.runtime).acquire().await.unwrap();
        let refused = lock(&bench.runtime).wait("30ms").acquire().await.unwrap_err();
        assert!(matches!(refused, Error::InProgress { .. }), "{refused}");
    }

    async fn a_guard_that_is_dropped_releases(bench: Bench) {
        drop(lock(&bench.runtime).acquire().await.unwrap());
        until("the lock is free", async || lock(&bench.other_real_process()).try_acquire().await.is_ok()).await;
    }

    async fn the_fence_grows_with_every_holder(bench: Bench) {
        let mut last = 0;
        for _ in 0..5 {
            let held = lock(&bench.runtime).acquire().await.unwrap();
            assert!(held.fence() > last);
            last = held.fence();
            held.release().await.unwrap();
        }
    }

    async fn work_is_dropped_once_the_lock_is_lost(bench: Bench) {
        let held = lock(&bench.runtime).acquire().await.unwrap();
        assert_eq!(held.while_held(async { 7 }).await.unwrap(), 7);
        let work = held.while_held(async {
            bench.runtime.clear_forced(held.key()).await.unwrap();
            assert!(held.ensure_held().await.is_err());
            std::future::pending::<()>().await;
        });
        let lost = work.await.unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { .. }), "{lost}");
    }

    async fn a_lost_reply_costs_nothing(bench: Bench) {
        bench.store.faults().next(Op::Claim, Fault::LoseReply);
        let held = lock(&bench.runtime).acquire().await.unwrap();
        bench.store.faults().next(Op::Fail, Fault::LoseReply);
        let unanswered = held.release().await.unwrap_err();
        assert!(matches!(unanswered, Error::StoreUnavailable { .. }), "{unanswered}");
        until("the lock is free", async || lock(&bench.other_real_process()).try_acquire().await.is_ok()).await;
    }

    async fn given_up_while_it_is_asked_for_it_blocks_nobody(bench: Bench) {
        bench.store.faults().next(Op::Claim, Fault::HoldReply);
        let asking = lock(&bench.runtime).acquire();
        tokio::select! {
            biased;
            _ = asking => panic!("the reply is held"),
            () = bench.store.faults().reached(Op::Claim, 1) => {}
        }
        until("the lock is free", async || lock(&bench.other_real_process()).try_acquire().await.is_ok()).await;
    }

    async fn without_a_store_there_is_no_lock(bench: Bench) {
        bench.store.faults().always(Op::Claim, away());
        let refused = lock(&bench.runtime).acquire().await.unwrap_err();
        assert!(matches!(refused, Error::StoreUnavailable { effect: false, .. }), "{refused}");
    }

    async fn a_lock_that_another_held_meanwhile_is_not_said_to_have_been_held(bench: Bench) {
        let first = lock(&bench.runtime).acquire().await.unwrap();
        bench.runtime.clear_forced(first.key()).await.unwrap();
        lock(&bench.other_real_process()).acquire().await.unwrap().release().await.unwrap();
        let lost = first.release().await.unwrap_err();
        assert!(matches!(lost, Error::LeaseLost { .. }), "{lost}");
    }

    async fn an_operator_may_refuse_it(bench: Bench) {
        let held = lock(&bench.runtime).acquire().await.unwrap();
        bench.runtime.cancel(held.key()).await.unwrap();
        let refused = lock(&bench.runtime).acquire().await.unwrap_err();
        assert!(matches!(refused, Error::Cancelled { .. }), "{refused}");
    }

    async fn a_holder_that_is_gone_blocks_for_its_lease(bench: Bench) {
        bench.store.keeper_faults().always(Op::Renew, Fault::LoseRequest);
        let gone = lock(&bench.runtime).lease("400ms").acquire().await.unwrap();
        let taken = lock(&bench.other_real_process()).wait("20s").acquire().await.unwrap();
        assert!(taken.fence() > gone.fence() && !gone.is_held());
        assert!(matches!(gone.ensure_held().await, Err(Error::LeaseLost { .. })));
        taken.ensure_held().await.unwrap();
    }
}

mod by_the_tests_clock {
    use super::*;

    on_each_store! {
        async fn a_holder_that_is_gone_blocks_for_its_lease_and_no_longer(bench: Bench) {
            bench.store.keeper_faults().always(Op::Renew, Fault::LoseRequest);
            let other = bench.other_process();
            let gone = lock(&bench.runtime).lease("30s").acquire().await.unwrap();
            bench.clock.advance(Duration::from_millis(29_999));
            assert!(lock(&other).try_acquire().await.is_err());
            bench.clock.advance(Duration::from_millis(1));
            assert!(!gone.is_held(), "the holder's own deadline is not later than the store's");
            let taken = lock(&other).try_acquire().await.unwrap();
            assert!(taken.fence() > gone.fence());
            let lost = gone.ensure_held().await.unwrap_err();
            assert!(matches!(lost, Error::LeaseLost { .. }), "{lost}");
            let lost = gone.release().await.unwrap_err();
            assert!(matches!(lost, Error::LeaseLost { .. }), "{lost}");
            taken.ensure_held().await.unwrap();
        }

        async fn heartbeats_keep_the_lock(bench: Bench) {
            let other = bench.other_process();
            let held = lock(&bench.runtime).lease("30s").acquire().await.unwrap();
            for beat in 1..=6 {
                bench.clock.advance(Duration::from_secs(11));
                bench.store.keeper_faults().reached(Op::Renew, beat).await;
                until("the beat is answered", async || held.is_held()).await;
            }
            assert!(lock(&other).try_acquire().await.is_err());
            held.release().await.unwrap();
        }
    }
}

#[tokio::test]
async fn many_tasks_take_turns() {
    let runtime = runtime();
    let inside = std::sync::atomic::AtomicU32::new(0);
    let turns = (0..16).map(|_| async {
        for _ in 0..4 {
            let held = lock(&runtime).acquire().await.unwrap();
            assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
            tokio::task::yield_now().await;
            inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            held.release().await.unwrap();
        }
    });
    tokio::time::timeout(crate::support::BOUND, futures::future::join_all(turns)).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_a_lock_is_refused() {
    let runtime = runtime();
    for (builder, says) in [
        (runtime.lock("x").lease("0s"), "lock `x`: `lease`: `0s` is not a usable duration"),
        (runtime.lock("x").lease("1ms"), "lock `x`: a lease of 1ms would be lost"),
        (runtime.lock("x").wait("soon"), "lock `x`: `wait`: `soon` is not a usable duration"),
        (runtime.lock("x").store("billing"), "lock `x`: no store is named `billing`; there are: default"),
        (runtime.lock(""), "a lock needs a name"),
    ] {
        let refused = builder.acquire().await.unwrap_err().to_string();
        assert!(refused.starts_with(says), "{refused}");
    }
}
