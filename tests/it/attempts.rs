//! `max_attempts`: attempts are counted across processes, and the last one that fails sets the record aside.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
#[cfg(feature = "sqlite")]
use idem::TaskOptions;
#[cfg(feature = "sqlite")]
use idem::policy::OnStale;
use idem::record::State;
use idem::testing::Op;
use idem::{Error, MemoryStore, Resolution, Runtime, idempotent};

use crate::support::{AppError, Gate, away, on_each_store, on_every_store, until};

#[idempotent(name = "it.attempts", skip(entered, fails), max_attempts = 3)]
async fn thrice(id: u32, entered: &AtomicU32, fails: bool) -> Result<u32, AppError> {
    entered.fetch_add(1, Ordering::SeqCst);
    if fails { Err(AppError::Body("again no".into())) } else { Ok(id) }
}

#[idempotent(name = "it.attempts.stored", max_attempts = 2, on_error = "store", error_ttl = "1m")]
async fn twice_with_a_pause(id: u32) -> Result<u32, AppError> {
    Err(AppError::Body("again no".into()))
}

fn is_set_aside(error: &AppError) -> bool {
    matches!(error, AppError::Idem(Error::OutcomeUnknown { .. }))
}

/// On the servers too.
mod everywhere {
    use super::*;

    on_every_store! {
        async fn attempts_are_counted_across_processes_and_the_last_failure_sets_aside(bench: Bench) {
            let entered = AtomicU32::new(0);
            let processes = [&bench.runtime, &bench.other_real_process(), &bench.other_real_process()];
            for (attempt, process) in processes.iter().enumerate() {
                let error = process.enter(thrice(1, &entered, true)).await.unwrap_err();
                assert!(matches!(error, AppError::Body(_)), "attempt {attempt}: {error}");
            }
            let error = processes[0].enter(thrice(1, &entered, false)).await.unwrap_err();
            assert!(is_set_aside(&error), "{error}");
            assert!(error.to_string().contains("its attempts are used up (3 of 3); the last: the body returned an error"), "{error}");
            assert_eq!(entered.load(Ordering::SeqCst), 3);
            let record = processes[1].enter(thrice::status(&1)).await.unwrap().unwrap();
            assert_eq!((record.state, record.attempt, record.max_attempts), (State::Parked, 3, Some(3)));
        }
    }
}

on_each_store! {
    async fn an_operators_retry_grants_one_more(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            for _ in 0..3 {
                thrice(1, &entered, true).await.unwrap_err();
            }
            let key = thrice::key(&1).unwrap();
            bench.runtime.resolve(&key, Resolution::<()>::Retry).await.unwrap();
            assert!(matches!(thrice(1, &entered, true).await, Err(AppError::Body(_))));
            assert!(is_set_aside(&thrice(1, &entered, false).await.unwrap_err()), "one more, and no other");
            bench.runtime.resolve(&key, Resolution::<()>::Retry).await.unwrap();
            let outcome = thrice::call(1, &entered, false).await.unwrap();
            assert_eq!((outcome.is_fresh(), outcome.call().attempt), (true, 5));
        }).await;
    }

    async fn an_abandoned_attempt_counts_as_a_failed_one(bench: Bench) {
        let call = || bench.runtime.call("it.attempts.abandoned").max_attempts(2).lease("30s").arg("id", &1);
        let panics = call().run(async || -> Result<u32, AppError> { panic!("body") });
        AssertUnwindSafe(panics).catch_unwind().await.unwrap_err();
        // The second is gone without a word.
        bench.store.keeper_faults().always(Op::Fail, away());
        let gate = Gate::new(1);
        let mut running = Box::pin(call().run(async || Ok::<_, AppError>(gate.pass().await)));
        until("the body is entered", async || {
            assert!((&mut running).now_or_never().is_none());
            gate.entries() > 0
        }).await;
        drop(running);
        bench.clock.advance(Duration::from_secs(30));
        let error = call().run(async || Ok::<_, AppError>(1)).await.unwrap_err();
        assert!(is_set_aside(&error), "{error}");
        assert!(error.to_string().contains("(2 of 2); the last: abandoned"), "{error}");
    }

    async fn a_failure_is_remembered_until_the_attempts_are_used_up(bench: Bench) {
        bench.runtime.enter(async {
            assert!(matches!(twice_with_a_pause(1).await, Err(AppError::Body(_))));
            let error = twice_with_a_pause(1).await.unwrap_err();
            assert!(matches!(error, AppError::Idem(Error::PriorFailure { attempt: 1, .. })), "{error}");
            bench.clock.advance(Duration::from_secs(60));
            assert!(matches!(twice_with_a_pause(1).await, Err(AppError::Body(_))));
            let error = twice_with_a_pause(1).await.unwrap_err();
            assert!(is_set_aside(&error), "{error}");
            assert!(error.to_string().contains("the last: refused by the body: again no"), "{error}");
        }).await;
    }

    async fn a_success_ends_the_count(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            thrice(1, &entered, true).await.unwrap_err();
            thrice(1, &entered, true).await.unwrap_err();
            let outcome = thrice::call(1, &entered, false).await.unwrap();
            assert_eq!((outcome.is_fresh(), outcome.call().attempt), (true, 3));
            assert!(thrice::call(1, &entered, true).await.unwrap().is_replayed());
        }).await;
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn in_a_transaction_there_is_nothing_to_count_or_to_set_aside() {
    let build = |set: fn(TaskOptions) -> TaskOptions| {
        Runtime::builder().store(MemoryStore::new()).task("it.tx.sqlite", set).build().map(drop)
    };
    for set in [|task: TaskOptions| task.max_attempts(3), |task: TaskOptions| task.on_stale(OnStale::Park)] {
        let error = build(set).unwrap_err().to_string();
        assert!(error.contains("have no meaning with `transaction`"), "{error}");
    }
}

#[tokio::test]
async fn no_attempt_at_all_is_refused() {
    let build = || Runtime::builder().store(MemoryStore::new());
    let error = build().task("it.attempts", |task| task.max_attempts(0)).build().unwrap_err();
    assert!(error.to_string().contains("`max_attempts` counts from 1, found 0"), "{error}");
    let runtime = build().build().unwrap();
    let by_hand = runtime.call("it.attempts.none").max_attempts(0).arg("id", &1).run(async || Ok::<_, AppError>(1));
    assert!(matches!(by_hand.await, Err(AppError::Idem(Error::Config(_)))));
    let contradicts = runtime.call("it.attempts").max_attempts(4).arg("id", &1).run(async || Ok::<_, AppError>(1));
    let error = contradicts.await.unwrap_err();
    assert!(error.to_string().contains("has another `max_attempts` in force"), "{error}");
}
