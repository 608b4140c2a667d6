//! The end of a runtime in good order: what begins no more, what may end, and what is told of the rest.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::poll;
use idem::record::State;
use idem::testing::{Fault, Op};
use idem::{AbandonedClaim, Error, MemoryStore, Reconciled, Record, Runtime, Shutdown, idempotent};

use crate::support::{AppError, BOUND, Bench, Gate, away, on_each_store};

#[idempotent(name = "it.shutdown.reruns", key(id))]
async fn reruns(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await + id)
}

#[idempotent(name = "it.shutdown.parks", key(id), on_stale = "park")]
async fn parks(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await + id)
}

#[idempotent(name = "it.shutdown.inner")]
async fn inner(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

/// A body whose work has parts: another handler, a step, a lock.
#[idempotent(name = "it.shutdown.outer", key(id))]
async fn outer(id: u32, gate: &Gate, runtime: &Runtime) -> Result<u32, AppError> {
    let from = gate.pass().await;
    let stepped = idem::step("inner", || inner(from + id)).await?;
    let lock = runtime.lock("it.shutdown").acquire().await?;
    let locked = lock.while_held(inner(stepped + 1)).await??;
    lock.release().await?;
    Ok(locked)
}

#[idempotent(name = "it.shutdown.runs", key(id), on_store_error = "run")]
async fn unprotected(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await + id)
}

#[idempotent(name = "it.shutdown.rolled", key(id))]
async fn rolled_out(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await + id)
}

async fn unknown(_id: &u32, _gate: &Gate, _claim: &AbandonedClaim) -> Reconciled<u32> {
    Reconciled::Unknown
}

#[idempotent(name = "it.shutdown.asks", key(id), reconcile = unknown)]
async fn asks(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await + id)
}

fn is_shut_down<T: std::fmt::Debug>(answer: Result<T, AppError>) {
    let Err(AppError::Idem(error @ Error::ShutDown { .. })) = answer else { panic!("{answer:?}") };
    assert!(error.is_retryable() && error.retry_after().is_none());
}

async fn ended(runtime: &Runtime) {
    let left = runtime.shutdown(BOUND).await;
    assert!(left.is_complete(), "{left}");
}

async fn left(runtime: &Runtime) -> Shutdown {
    runtime.shutdown(Duration::ZERO).await
}

async fn record(bench: &Bench, key: Result<idem::Key, Error>) -> Record {
    bench.runtime.status(&key.unwrap()).await.unwrap().unwrap()
}

on_each_store! {
    async fn nothing_begins_after_it(bench: Bench) {
        let gate = Gate::new(7);
        bench.runtime.enter(async {
            let opened = Gate::new(0);
            opened.open();
            reruns(1, &opened).await.unwrap();
            let claims = bench.count(Op::Claim);
            ended(&bench.runtime).await;
            let refused = reruns(2, &gate).await.unwrap_err().to_string();
            for part in ["`it.shutdown.reruns`", &reruns::key(&2).unwrap().to_string(), "to be delivered again"] {
                assert!(refused.contains(part), "{part:?} is missing in: {refused}");
            }
            // Also where the answer would be known: another process knows it too.
            is_shut_down(reruns::call(1, &gate).await);
            is_shut_down(asks(2, &gate).await);
            is_shut_down(bench.runtime.call("it.shutdown.hand").arg("id", &1).run(async || Ok(gate.pass().await)).await);
            is_shut_down(bench.runtime.lock("it.shutdown").acquire().await.map_err(AppError::from));
            is_shut_down(bench.runtime.lock("it.shutdown").try_acquire().await.map_err(AppError::from));
            assert_eq!((gate.entries(), bench.count(Op::Claim)), (0, claims), "the store was not asked");
            assert!(reruns::status(&2).await.unwrap().is_none(), "an operator may look");
            assert!(reruns::clear(&1).await.unwrap());
        }).await;
    }

    async fn a_body_that_runs_may_end(bench: Bench) {
        let gate = Gate::new(7);
        let run = bench.runtime.enter(reruns::call(1, &gate));
        let end = async {
            gate.entered().await;
            let mut first = pin!(bench.runtime.shutdown(BOUND));
            let mut second = pin!(bench.runtime.shutdown(BOUND));
            assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
            gate.open();
            (first.await, second.await)
        };
        let (run, (first, second)) = tokio::join!(run, end);
        assert!(run.unwrap().call().recorded);
        assert!(first.is_complete() && second.is_complete(), "{first}; {second}");
        assert_eq!(first.to_string(), "nothing is under way");
        let found = bench.runtime.enter(async { record(&bench, reruns::key(&1)).await }).await;
        assert_eq!((found.state, found.attempt), (State::Completed, 1));
    }

    async fn what_outlives_the_deadline_is_left_and_told(bench: Bench) {
        let gate = Gate::new(7);
        bench.runtime.enter(async {
            let keys = [reruns::key(&1).unwrap(), parks::key(&1).unwrap()];
            {
                let both = async { tokio::join!(reruns(1, &gate), parks(1, &gate)) };
                let mut both = pin!(both);
                tokio::select! {
                    answers = &mut both => panic!("{answers:?}"),
                    () = crate::support::until("both are in", async || gate.entries() == 2) => {}
                }
                let told = left(&bench.runtime).await;
                assert_eq!((told.calls, told.running.len(), told.unsettled.len()), (2, 2, 0), "{told}");
                assert!(!told.is_complete());
                let text = told.to_string();
                assert!(text.starts_with("under way: 2 (") && !text.contains("not settled"), "{text}");
                for key in &keys {
                    assert!(told.running.contains(key) && text.contains(&key.to_string()), "{text}");
                    assert_eq!(record(&bench, Ok(key.clone())).await.state, State::Running, "not freed behind its back");
                }
            }
            ended(&bench.runtime).await;
            let [rerun, parked] = keys;
            let found = record(&bench, Ok(rerun)).await;
            assert_eq!((found.state, found.attempt), (State::Retryable, 1));
            assert_eq!(record(&bench, Ok(parked)).await.state, State::Parked);
        }).await;
    }

    async fn what_dropped_calls_left_is_waited_for(bench: Bench) {
        let gate = Gate::new(7);
        let sent = bench.store.keeper_faults();
        sent.next(Op::Fail, Fault::HoldRequest);
        bench.runtime.enter(async {
            {
                let mut dropped = pin!(reruns(1, &gate));
                tokio::select! {
                    answer = &mut dropped => panic!("{answer:?}"),
                    () = gate.entered() => {}
                }
            }
            sent.reached(Op::Fail, 1).await;
            let told = left(&bench.runtime).await;
            assert_eq!((told.calls, told.running.len()), (0, 0), "{told}");
            assert_eq!(told.unsettled, [reruns::key(&1).unwrap()]);
            assert!(!told.is_complete() && told.to_string().contains("not settled: 1 (idem1:"), "{told}");
            let mut end = pin!(bench.runtime.shutdown(BOUND));
            assert!(poll!(&mut end).is_pending());
            sent.release();
            assert!(end.await.is_complete());
            assert_eq!(record(&bench, reruns::key(&1)).await.state, State::Retryable);
        }).await;
    }

    /// The completion of a call that was dropped while it was recorded.
    async fn so_is_a_result_that_was_being_recorded(bench: Bench) {
        let gate = Gate::new(7);
        gate.open();
        bench.store.faults().next(Op::Complete, Fault::HoldRequest);
        bench.runtime.enter(async {
            {
                let mut dropped = pin!(reruns(1, &gate));
                tokio::select! {
                    answer = &mut dropped => panic!("{answer:?}"),
                    () = bench.store.faults().reached(Op::Complete, 1) => {}
                }
            }
            ended(&bench.runtime).await;
            assert_eq!(record(&bench, reruns::key(&1)).await.state, State::Completed);
        }).await;
    }

    async fn who_waits_for_another_process_waits_no_longer(bench: Bench) {
        let gate = Gate::new(7);
        let other = bench.other_process();
        let run = bench.runtime.enter(reruns(1, &gate));
        let wait = async {
            gate.entered().await;
            let claims = bench.count(Op::Claim);
            let wait = other.enter(reruns(1, &gate));
            let end = async {
                bench.store.faults().reached(Op::Claim, claims + 2).await;
                ended(&other).await;
            };
            let (refused, ()) = tokio::join!(wait, end);
            is_shut_down(refused);
            gate.open();
        };
        let (run, ()) = tokio::join!(run, wait);
        assert_eq!(run.unwrap(), 8, "the other process goes on");
        assert_eq!(gate.entries(), 1);
    }

    async fn who_waits_for_a_body_of_this_process_waits_no_longer(bench: Bench) {
        let gate = Gate::new(7);
        let run = bench.runtime.enter(reruns(1, &gate));
        let wait = async {
            gate.entered().await;
            let mut wait = pin!(bench.runtime.enter(reruns(1, &gate)));
            assert!(poll!(&mut wait).is_pending());
            let end = bench.runtime.shutdown(BOUND);
            is_shut_down(wait.await);
            gate.open();
            end.await
        };
        let (run, told) = tokio::join!(run, wait);
        assert_eq!((run.unwrap(), gate.entries()), (8, 1));
        assert!(told.is_complete(), "{told}");
    }

    async fn a_claim_that_is_granted_meanwhile_is_given_back_and_counts_not(bench: Bench) {
        let gate = Gate::new(7);
        bench.store.faults().next(Op::Claim, Fault::HoldReply);
        let run = bench.runtime.enter(reruns(1, &gate));
        let end = async {
            bench.store.faults().reached(Op::Claim, 1).await;
            let mut end = pin!(bench.runtime.shutdown(BOUND));
            assert!(poll!(&mut end).is_pending(), "a claim under way is waited for");
            let told = left(&bench.runtime).await;
            assert_eq!((told.calls, told.running.len()), (1, 0), "{told}");
            bench.store.faults().release();
            end.await
        };
        let (refused, told) = tokio::join!(run, end);
        is_shut_down(refused);
        assert!(told.is_complete(), "{told}");
        let found = bench.runtime.enter(async { record(&bench, reruns::key(&1)).await }).await;
        assert_eq!((found.state, found.attempt), (State::Retryable, 0));
        gate.open();
        let next = bench.other_process().enter(reruns::call(1, &gate)).await.unwrap();
        assert_eq!((next.call().attempt, gate.entries()), (1, 1));
    }

    /// It may have taken over an abandoned claim, which a release would forget (FAIL-7).
    async fn under_reconcile_it_is_left_to_its_lease(bench: Bench) {
        let gate = Gate::new(7);
        bench.store.faults().next(Op::Claim, Fault::HoldReply);
        let run = bench.runtime.enter(asks(1, &gate));
        let end = async {
            bench.store.faults().reached(Op::Claim, 1).await;
            let end = bench.runtime.shutdown(BOUND);
            bench.store.faults().release();
            end.await
        };
        let (refused, told) = tokio::join!(run, end);
        is_shut_down(refused);
        assert!(told.is_complete(), "{told}");
        let found = bench.runtime.enter(async { record(&bench, asks::key(&1)).await }).await;
        assert_eq!((found.state, gate.entries()), (State::Running, 0));
    }

    async fn what_a_running_body_calls_is_a_part_of_it(bench: Bench) {
        let gate = Gate::new(7);
        let run = bench.runtime.enter(outer(1, &gate, &bench.runtime));
        let end = async {
            gate.entered().await;
            let end = bench.runtime.shutdown(BOUND);
            is_shut_down(bench.runtime.enter(inner(8)).await);
            gate.open();
            end.await
        };
        let (run, told) = tokio::join!(run, end);
        assert_eq!(run.unwrap(), 9);
        assert!(told.is_complete(), "{told}");
    }

    async fn what_a_body_spawned_is_a_part_of_it_while_it_runs(bench: Bench) {
        let (gate, late) = (Gate::new(7), Gate::new(0));
        let spawn = |id, wait: Option<Arc<Gate>>| {
            let runtime = bench.runtime.clone();
            let spawned = idem::in_current(async move {
                if let Some(gate) = wait {
                    gate.pass().await;
                }
                runtime.enter(inner(id)).await
            });
            tokio::spawn(spawned)
        };
        let mut behind = None;
        let run = bench.runtime.call("it.shutdown.spawns").arg("id", &1).run(async || {
            gate.pass().await;
            behind = Some(spawn(2, Some(Arc::clone(&late))));
            spawn(1, None).await.unwrap()
        });
        let end = async {
            gate.entered().await;
            let end = bench.runtime.shutdown(BOUND);
            gate.open();
            end.await
        };
        let (run, told) = tokio::join!(run, end);
        assert_eq!(run.unwrap().into_value(), 1);
        assert!(told.is_complete(), "a task that only waits is nobody's call: {told}");
        late.open();
        is_shut_down(behind.unwrap().await.unwrap());
    }

    async fn a_body_of_another_runtime_is_no_part_of_this_one(bench: Bench) {
        let other = bench.other_process();
        ended(&other).await;
        let run = bench.runtime.call("it.shutdown.across").arg("id", &1).run(async || {
            is_shut_down(other.enter(inner(1)).await);
            bench.runtime.enter(inner(1)).await
        });
        assert_eq!(run.await.unwrap().into_value(), 1);
    }

    async fn dropped_it_keeps_the_gate_closed(bench: Bench) {
        let gate = Gate::new(7);
        // Before it was awaited.
        drop(bench.runtime.shutdown(BOUND));
        is_shut_down(bench.runtime.enter(reruns(1, &gate)).await);
        // And after.
        let other = bench.other_process();
        let run = other.enter(reruns(1, &gate));
        let end = async {
            gate.entered().await;
            assert!(poll!(pin!(other.shutdown(BOUND))).is_pending());
            is_shut_down(other.enter(reruns(2, &gate)).await);
            gate.open();
        };
        let (run, ()) = tokio::join!(run, end);
        assert_eq!(run.unwrap(), 8);
        ended(&other).await;
    }

    async fn a_lock_that_is_held_is_waited_for(bench: Bench) {
        let lock = bench.runtime.lock("it.shutdown").acquire().await.unwrap();
        let told = left(&bench.runtime).await;
        assert_eq!((told.calls, &told.running[..]), (1, std::slice::from_ref(lock.key())), "{told}");
        lock.ensure_held().await.unwrap();
        let mut end = pin!(bench.runtime.shutdown(BOUND));
        assert!(poll!(&mut end).is_pending());
        drop(lock);
        assert!(end.await.is_complete());
        bench.other_process().lock("it.shutdown").try_acquire().await.unwrap().release().await.unwrap();
    }

    async fn who_waits_for_a_lock_waits_no_longer(bench: Bench) {
        let other = bench.other_process();
        let held = bench.runtime.lock("it.shutdown").acquire().await.unwrap();
        let wait = other.lock("it.shutdown").acquire();
        let end = async {
            bench.store.faults().reached(Op::Claim, 2).await;
            ended(&other).await;
        };
        let (refused, ()) = tokio::join!(wait, end);
        is_shut_down(refused.map_err(AppError::from));
        held.release().await.unwrap();
    }

    async fn a_lock_that_is_granted_meanwhile_is_given_back(bench: Bench) {
        bench.store.faults().next(Op::Claim, Fault::HoldReply);
        let acquire = bench.runtime.lock("it.shutdown").acquire();
        let end = async {
            bench.store.faults().reached(Op::Claim, 1).await;
            let end = bench.runtime.shutdown(BOUND);
            bench.store.faults().release();
            end.await
        };
        let (refused, told) = tokio::join!(acquire, end);
        is_shut_down(refused.map_err(AppError::from));
        assert!(told.is_complete(), "{told}");
        bench.other_process().lock("it.shutdown").try_acquire().await.unwrap().release().await.unwrap();
    }

    async fn a_body_without_a_claim_is_waited_for_and_told(bench: Bench) {
        let gate = Gate::new(7);
        bench.store.faults().always(Op::Claim, away());
        let run = bench.runtime.enter(unprotected(1, &gate));
        let end = async {
            gate.entered().await;
            let told = left(&bench.runtime).await;
            let key = bench.runtime.enter(async { unprotected::key(&1).unwrap() }).await;
            assert_eq!((told.calls, &told.running[..]), (1, &[key][..]), "{told}");
            is_shut_down(bench.runtime.enter(unprotected(2, &gate)).await);
            let mut end = pin!(bench.runtime.shutdown(BOUND));
            assert!(poll!(&mut end).is_pending());
            gate.open();
            end.await
        };
        let (run, told) = tokio::join!(run, end);
        assert_eq!((run.unwrap(), gate.entries()), (8, 1));
        assert!(told.is_complete() && told.running.is_empty(), "{told}");
    }

    /// The store is asked in vain while the runtime shuts down.
    async fn nothing_runs_without_a_claim_after_it(bench: Bench) {
        let gate = Gate::new(7);
        bench.store.faults().next(Op::Claim, Fault::HoldRequest);
        bench.store.faults().always(Op::Claim, away());
        let run = bench.runtime.enter(unprotected(1, &gate));
        let end = async {
            bench.store.faults().reached(Op::Claim, 1).await;
            let end = bench.runtime.shutdown(BOUND);
            bench.store.faults().release();
            end.await
        };
        let (refused, _) = tokio::join!(run, end);
        is_shut_down(refused);
        assert_eq!(gate.entries(), 0);
    }
}

/// No store keeps these from running; a shutdown does.
#[tokio::test]
async fn tasks_that_are_introduced_begin_no_more_either() {
    let builder = || Runtime::builder().store(MemoryStore::new()).namespace("it");
    for builder in [builder().rollout("it.shutdown.rolled", 0), builder().shadow("it.shutdown.rolled")] {
        let (runtime, gate) = (builder.build().unwrap(), Gate::new(7));
        let run = runtime.enter(rolled_out(1, &gate));
        let end = async {
            gate.entered().await;
            let told = left(&runtime).await;
            let key = runtime.enter(async { rolled_out::key(&1).unwrap() }).await;
            assert_eq!((told.calls, &told.running[..]), (1, &[key][..]), "{told}");
            is_shut_down(runtime.enter(rolled_out(2, &gate)).await);
            gate.open();
            ended(&runtime).await;
        };
        let (run, ()) = tokio::join!(run, end);
        assert_eq!((run.unwrap(), gate.entries()), (8, 1));
    }
}

#[tokio::test]
async fn a_call_in_shadow_that_was_asking_begins_no_more() {
    let bench = Bench::new(crate::support::Kind::Memory).await;
    let runtime = Runtime::builder().store(bench.store.clone()).shadow("it.shutdown.rolled").build().unwrap();
    let gate = Gate::new(7);
    bench.store.faults().next(Op::Claim, Fault::HoldReply);
    let run = runtime.enter(rolled_out(1, &gate));
    let end = async {
        bench.store.faults().reached(Op::Claim, 1).await;
        let end = runtime.shutdown(BOUND);
        bench.store.faults().release();
        end.await
    };
    let (refused, told) = tokio::join!(run, end);
    is_shut_down(refused);
    assert!(told.is_complete(), "{told}");
    assert_eq!(gate.entries(), 0);
}
