//! A body that fails, panics, is dropped, or calls itself.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt;
use idem::testing::{Fault, Op};
use idem::{Error, Runtime, idempotent};
use serde::{Deserialize, Serialize};

use crate::support::{AppError, Gate, on_each_store, until};

/// Calls `task` by hand with one argument.
fn call(runtime: &Runtime, task: &str) -> idem::CallBuilder {
    runtime.call(task).arg("id", &1)
}

/// The state that the store keeps of that call.
async fn state(runtime: &Runtime, task: &str) -> Option<(&'static str, u32)> {
    let key = runtime.key(task).arg("id", &1).make().unwrap();
    runtime.status(&key).await.unwrap().map(|record| (record.state.as_str(), record.attempt))
}

#[idempotent(name = "it.failure.itself")]
async fn itself(id: u32) -> Result<u32, AppError> {
    Box::pin(itself(id)).await
}

#[idempotent(name = "it.failure.a")]
async fn a_calls_b(id: u32) -> Result<u32, AppError> {
    Box::pin(b_calls_a(id)).await
}

#[idempotent(name = "it.failure.b")]
async fn b_calls_a(id: u32) -> Result<u32, AppError> {
    Box::pin(a_calls_b(id)).await
}

#[idempotent(name = "it.failure.outer")]
async fn outer(id: u32) -> Result<(u32, u32), AppError> {
    let before = idem::current().key().map(ToString::to_string);
    let inner = inner(id + 1).await?;
    assert_eq!(before, idem::current().key().map(ToString::to_string), "the inner call changed the outer's context");
    Ok((id, inner))
}

#[idempotent(name = "it.failure.inner")]
async fn inner(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

/// A result whose `Serialize` panics.
#[derive(Debug, Deserialize)]
struct Explosive;

impl Serialize for Explosive {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("Serialize")
    }
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("Drop")
    }
}

on_each_store! {
    /// R26
    async fn r26_a_failure_is_not_remembered_and_the_retry_succeeds(bench: Bench) {
        let entered = AtomicU32::new(0);
        let run = || call(&bench.runtime, "it.r26").run(async || match entered.fetch_add(1, Ordering::SeqCst) {
            0 => Err(AppError::Body("first".into())),
            n => Ok(n),
        });
        assert!(matches!(run().await, Err(AppError::Body(_))));
        assert_eq!(state(&bench.runtime, "it.r26").await, Some(("retryable", 1)));
        let second = run().await.unwrap();
        assert!(second.is_fresh());
        assert_eq!((*second.value(), second.call().attempt), (1, 2));
        assert!(run().await.unwrap().is_replayed());
    }

    /// R17, in the body
    async fn r17_a_panic_of_the_body_goes_on_and_leaves_the_key_free(bench: Bench) {
        let run = call(&bench.runtime, "it.r17.body").run(async || -> Result<u32, AppError> { panic!("body") });
        let panic = AssertUnwindSafe(run).catch_unwind().await.unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"body"));
        assert_eq!(state(&bench.runtime, "it.r17.body").await, Some(("retryable", 1)));
        let again = call(&bench.runtime, "it.r17.body").run(async || Ok::<_, AppError>(3)).await.unwrap();
        assert_eq!((again.is_fresh(), again.call().attempt), (true, 2));
    }

    /// R17, in Serialize: the effect took place, so the record is terminal
    async fn r17_a_panic_of_serialize_goes_on_and_the_record_is_completed(bench: Bench) {
        let run = || call(&bench.runtime, "it.r17.serialize").run(async || Ok::<_, AppError>(Explosive));
        let panic = AssertUnwindSafe(run()).catch_unwind().await.unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"Serialize"));
        assert_eq!(state(&bench.runtime, "it.r17.serialize").await, Some(("completed", 1)));
        let again = run().await.unwrap_err();
        assert!(matches!(again, AppError::Idem(Error::ResultUnavailable { .. })), "{again}");
    }

    /// R17, in Drop: the value stands
    async fn r17_a_panic_of_a_destructor_goes_on_and_the_value_is_kept(bench: Bench) {
        let run = |bomb: Option<Bomb>| call(&bench.runtime, "it.r17.drop").run(async move || {
            let value = async { 5 }.await;
            drop(bomb);
            Ok::<_, AppError>(value)
        });
        let mut armed = Box::pin(run(Some(Bomb)));
        let panic = AssertUnwindSafe(&mut armed).catch_unwind().await.unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"Drop"));
        let again = run(None).await.unwrap();
        assert_eq!(again.into_value(), 5);
    }

    /// R17, in the destructors of a body that is stopped: the record is settled first
    async fn r17_a_panic_of_a_stopped_body_s_destructors_goes_on_and_leaves_the_key_free(bench: Bench) {
        let run = call(&bench.runtime, "it.r17.stopped").max_runtime("10ms").run(async || {
            let _bomb = Bomb;
            std::future::pending::<Result<u32, AppError>>().await
        });
        let mut run = Box::pin(run);
        let panic = AssertUnwindSafe(&mut run).catch_unwind().await.unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"Drop"));
        assert_eq!(state(&bench.runtime, "it.r17.stopped").await, Some(("retryable", 1)));
    }

    /// R17, in the Serialize of an argument: nothing was claimed
    async fn r17_a_panic_of_an_arguments_serialize_claims_nothing(bench: Bench) {
        let run = async || call(&bench.runtime, "it.r17.argument").arg("explosive", &Explosive).run(async || Ok::<_, AppError>(1)).await;
        let panic = AssertUnwindSafe(run()).catch_unwind().await.unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"Serialize"));
        assert_eq!(bench.count(Op::Claim), 0);
        let next = call(&bench.runtime, "it.r17.argument").run(async || Ok::<_, AppError>(1)).await.unwrap();
        assert!(next.is_fresh(), "the key buffers of the thread are sound");
    }

    /// R15, each await point
    async fn r15_dropped_at_every_await_point_nothing_leaks_and_the_next_delivery_ends(bench: Bench) {
        for point in 0.. {
            let task = format!("it.r15.{point}");
            let effects = AtomicU32::new(0);
            let mut polls = 0;
            let finished = {
                let body = async || {
                    tokio::task::yield_now().await;
                    effects.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok::<_, AppError>(9)
                };
                let mut running = Box::pin(call(&bench.runtime, &task).run(body));
                std::future::poll_fn(|cx| {
                    if polls == point {
                        return std::task::Poll::Ready(false);
                    }
                    polls += 1;
                    running.as_mut().poll(cx).map(|_| true)
                }).await
            };
            // The keeper settles what was dropped; the next delivery waits for it and ends.
            let next = call(&bench.runtime, &task).run(async || {
                effects.fetch_add(1, Ordering::SeqCst);
                Ok::<_, AppError>(9)
            });
            let next = tokio::time::timeout(crate::support::BOUND, next).await.expect("the next delivery hangs").unwrap();
            assert_eq!(*next.value(), 9);
            assert_eq!(state(&bench.runtime, &task).await.map(|(state, _)| state), Some("completed"), "dropped at {point}");
            let effects = effects.load(Ordering::SeqCst);
            assert!(effects <= 2, "dropped at {point}: {effects} effects");
            if finished {
                assert!(next.is_replayed());
                assert!(point > 2, "the body has two awaits of its own");
                return;
            }
        }
    }

    /// R15, before the first poll of the body
    async fn r15_dropped_before_the_body_the_attempt_does_not_count(bench: Bench) {
        bench.store.faults().next(Op::Claim, Fault::HoldReply);
        let mut dropped = Box::pin(call(&bench.runtime, "it.r15.unstarted").run(async || Ok::<_, AppError>(1)));
        assert!((&mut dropped).now_or_never().is_none());
        until("the claim is applied", async || {
            _ = (&mut dropped).now_or_never();
            state(&bench.runtime, "it.r15.unstarted").await == Some(("running", 1))
        }).await;
        drop(dropped);
        bench.store.faults().release();
        until("the keeper released it", async || state(&bench.runtime, "it.r15.unstarted").await == Some(("retryable", 0))).await;
        let next = call(&bench.runtime, "it.r15.unstarted").run(async || Ok::<_, AppError>(1)).await.unwrap();
        assert_eq!(next.call().attempt, 1);
    }

    /// R15, while the result is being recorded: the keeper goes on with it
    async fn r15_dropped_while_recording_the_result_is_kept(bench: Bench) {
        bench.store.faults().next(Op::Complete, Fault::HoldRequest);
        let mut dropped = Box::pin(call(&bench.runtime, "it.r15.recording").run(async || Ok::<_, AppError>(1)));
        until("the completion is sent", async || {
            assert!((&mut dropped).now_or_never().is_none());
            bench.count(Op::Complete) > 0
        }).await;
        drop(dropped);
        bench.store.faults().release();
        until("the keeper recorded it", async || state(&bench.runtime, "it.r15.recording").await == Some(("completed", 1))).await;
        let next = call(&bench.runtime, "it.r15.recording").run(async || Ok::<_, AppError>(2)).await.unwrap();
        assert_eq!((next.is_replayed(), next.into_value()), (true, 1));
    }

    async fn r30_also_in_a_task_that_its_body_spawned(bench: Bench) {
        let runtime = bench.runtime.clone();
        let outcome = call(&bench.runtime, "it.failure.spawns").run(async || {
            let (inner, key) = (runtime.clone(), idem::current().key().cloned());
            let spawned = tokio::spawn(idem::in_current(async move {
                assert_eq!(idem::current().key(), key.as_ref());
                call(&inner, "it.failure.spawns").run(async || Ok::<_, Error>(1)).await.map(idem::Outcome::into_value)
            }));
            let error = tokio::time::timeout(crate::support::BOUND, spawned).await.unwrap().unwrap().unwrap_err();
            assert!(matches!(error, Error::Reentrant { .. }), "{error}");
            Ok::<_, AppError>(2)
        }).await.unwrap();
        assert_eq!(outcome.into_value(), 2);
    }

    async fn what_a_body_spawned_learns_that_the_body_has_ended(bench: Bench) {
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let spawned = std::sync::OnceLock::new();
        call(&bench.runtime, "it.failure.outlived").run(async || {
            let outlives = idem::in_current(async move {
                ended.await.unwrap();
                idem::current().ensure_owned().await
            });
            spawned.set(tokio::spawn(outlives)).unwrap();
            idem::current().ensure_owned().await?;
            Ok::<_, AppError>(())
        }).await.unwrap();
        end.send(()).unwrap();
        let learned = spawned.into_inner().unwrap().await.unwrap();
        assert!(matches!(learned, Err(Error::LeaseLost { .. })), "{learned:?}");
    }

    /// R30
    async fn r30_a_call_that_waits_for_itself_fails_at_once(bench: Bench) {
        bench.runtime.enter(async {
            let begun = Instant::now();
            let direct = itself(1).await.unwrap_err();
            let around = a_calls_b(1).await.unwrap_err();
            for error in [direct, around] {
                assert!(matches!(error, AppError::Idem(Error::Reentrant { .. })), "{error}");
            }
            assert!(begun.elapsed() < Duration::from_secs(1));
        }).await;
    }

    /// R30, R33: a nested call has a claim of its own, and the outer keeps its context
    async fn r33_nested_tasks_each_complete_their_own_record(bench: Bench) {
        bench.runtime.enter(async {
            assert_eq!(outer(1).await.unwrap(), (1, 2));
            assert!(outer::call(1).await.unwrap().is_replayed());
            assert!(inner::call(2).await.unwrap().is_replayed());
        }).await;
    }

    /// R33
    async fn r33_interleaved_tasks_in_two_stores_each_complete_their_own_record(bench: Bench) {
        let second = idem::MemoryStore::new();
        let builder = Runtime::builder().store(bench.store.clone()).named_store("second", second.clone());
        let runtime = builder.namespace("it").build().unwrap();
        let gates = [Gate::new(1), Gate::new(2)];
        let run = |store: &'static str, gate: &Arc<Gate>| {
            let gate = Arc::clone(gate);
            call(&runtime, "it.r33").store(store).run(async move || Ok::<_, AppError>(gate.pass().await))
        };
        let (in_first, in_second, ()) = tokio::join!(run("default", &gates[0]), run("second", &gates[1]), async {
            gates[0].entered().await;
            gates[1].entered().await;
            gates[1].open();
            gates[0].open();
        });
        assert_eq!((in_first.unwrap().into_value(), in_second.unwrap().into_value()), (1, 2));
        assert_eq!(run("default", &gates[1]).await.unwrap().into_value(), 1);
        assert_eq!(run("second", &gates[0]).await.unwrap().into_value(), 2);
    }
}
