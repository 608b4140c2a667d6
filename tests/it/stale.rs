//! Abandoned work under `on_stale = "park"`: set aside, told to the operator, never run again unasked.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use idem::policy::OnStale;
use idem::record::{State, StoredResult};
use idem::testing::{Fault, Op};
use idem::{Error, Resolution, Runtime, idempotent};

use crate::support::{AppError, Gate, away, on_each_store, until};

/// What the body does once it was entered.
enum Act<'a> {
    Fail,
    Panic,
    Wait(&'a Gate),
    Return,
}

#[idempotent(name = "it.stale.park", skip(act, entered), on_stale = "park", lease = "30s")]
async fn parked(id: u32, act: Act<'_>, entered: &AtomicU32) -> Result<u32, AppError> {
    entered.fetch_add(1, Ordering::SeqCst);
    match act {
        Act::Fail => Err(AppError::Body("no".into())),
        Act::Panic => panic!("body"),
        Act::Wait(gate) => Ok(gate.pass().await),
        Act::Return => Ok(id),
    }
}

/// A result that no encoding takes.
#[derive(Debug, serde::Deserialize)]
struct Odd;

impl serde::Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it refuses"))
    }
}

#[idempotent(name = "it.stale.odd", key(id), on_stale = "park")]
async fn odd(id: u32, gate: &Gate) -> Result<Odd, AppError> {
    gate.pass().await;
    Ok(Odd)
}

#[idempotent(name = "it.stale.discarded", key(id), on_stale = "park", result = "discard")]
async fn discarded(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await)
}

async fn state(id: u32) -> Option<(State, u32)> {
    parked::status(&id).await.unwrap().map(|record| (record.state, record.attempt))
}

/// Expects that the call is refused, and what is said of it.
async fn refused(id: u32, entered: &AtomicU32) -> String {
    let before = entered.load(Ordering::SeqCst);
    let error = parked(id, Act::Return, entered).await.unwrap_err();
    assert_eq!(entered.load(Ordering::SeqCst), before, "the body was entered");
    let AppError::Idem(Error::OutcomeUnknown { message, .. }) = error else { panic!("{error}") };
    message
}

/// Enters the body and drops the call there.
async fn dropped_in_its_body(id: u32, entered: &AtomicU32) {
    let gate = Gate::new(1);
    let mut running = Box::pin(parked(id, Act::Wait(&gate), entered));
    until("the body is entered", async || {
        assert!((&mut running).now_or_never().is_none());
        gate.entries() > 0
    })
    .await;
}

on_each_store! {
    /// R2: its process is gone, maybe after the effect
    async fn r02_a_claim_whose_process_is_gone_is_set_aside(bench: Bench) {
        let entered = AtomicU32::new(0);
        // Nothing is settled any more, as after a kill.
        bench.store.keeper_faults().always(Op::Fail, away());
        bench.runtime.enter(async {
            dropped_in_its_body(1, &entered).await;
            assert_eq!(state(1).await, Some((State::Running, 1)));
            bench.clock.advance(Duration::from_secs(30));
        }).await;
        bench.other_process().enter(async {
            assert_eq!(refused(1, &entered).await, "abandoned: the lease ran out before the call ended");
            assert_eq!(state(1).await, Some((State::Parked, 1)));
            bench.clock.advance(Duration::from_secs(1000 * 24 * 3600));
            bench.runtime.sweep().await.unwrap();
            refused(1, &entered).await;
        }).await;
    }

    /// R15, R16: the call is dropped; what its body had begun may go on
    async fn r16_a_call_that_is_dropped_in_its_body_is_set_aside_and_not_freed(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            dropped_in_its_body(1, &entered).await;
            assert_eq!(refused(1, &entered).await, "the call was dropped while its body ran");
            assert_eq!(state(1).await, Some((State::Parked, 1)));
        }).await;
    }

    async fn r15_dropped_before_its_body_nothing_is_set_aside(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            bench.store.faults().next(Op::Claim, Fault::HoldReply);
            let mut running = Box::pin(parked(1, Act::Return, &entered));
            until("the claim is applied", async || {
                _ = (&mut running).now_or_never();
                state(1).await == Some((State::Running, 1))
            }).await;
            drop(running);
            bench.store.faults().release();
            assert!(parked::call(1, Act::Return, &entered).await.unwrap().is_fresh());
            assert_eq!(entered.load(Ordering::SeqCst), 1);
        }).await;
    }

    /// R17
    async fn r17_a_panic_of_the_body_is_set_aside_and_goes_on(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            let panic = AssertUnwindSafe(parked(1, Act::Panic, &entered)).catch_unwind().await.unwrap_err();
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"body"));
            assert_eq!(state(1).await, Some((State::Parked, 1)));
            assert_eq!(refused(1, &entered).await, "the body panicked");
        }).await;
    }

    async fn an_error_of_the_body_is_an_outcome_and_frees_the_key(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            assert!(matches!(parked(1, Act::Fail, &entered).await, Err(AppError::Body(_))));
            assert_eq!(state(1).await, Some((State::Retryable, 1)));
            assert!(parked::call(1, Act::Return, &entered).await.unwrap().is_fresh());
        }).await;
    }

    async fn an_operator_resolves_what_was_set_aside(bench: Bench) {
        let entered = AtomicU32::new(0);
        let runtime = &bench.runtime;
        runtime.enter(async {
            for id in 1..=3 {
                dropped_in_its_body(id, &entered).await;
                refused(id, &entered).await;
            }
            parked::resolve(&1, Resolution::Completed(17)).await.unwrap();
            parked::resolve(&2, Resolution::Retry).await.unwrap();
            parked::resolve(&3, Resolution::Cancel).await.unwrap();

            let done = parked::call(1, Act::Return, &entered).await.unwrap();
            assert_eq!((done.is_replayed(), done.into_value()), (true, 17));
            let again = parked::call(2, Act::Return, &entered).await.unwrap();
            assert_eq!((again.is_fresh(), again.call().attempt), (true, 2));
            let cancelled = parked(3, Act::Return, &entered).await.unwrap_err();
            assert!(matches!(cancelled, AppError::Idem(Error::Cancelled { effect: false, .. })), "{cancelled}");
            assert_eq!(entered.load(Ordering::SeqCst), 4, "three that were dropped, and one retry");

            let over = parked::resolve(&1, Resolution::Retry).await.unwrap_err();
            assert!(matches!(over, Error::Config(_)), "{over}");
        }).await;
    }

    /// By its key alone no type is known: what is given is kept, and a replay says that it is another.
    async fn by_its_key_a_result_may_be_of_another_type(bench: Bench) {
        let entered = AtomicU32::new(0);
        let runtime = &bench.runtime;
        runtime.enter(async {
            let key = |id: u32| parked::key(&id).unwrap();
            for id in 1..=3 {
                dropped_in_its_body(id, &entered).await;
                refused(id, &entered).await;
            }
            runtime.resolve(&key(1), Resolution::Completed(17_u32)).await.unwrap();
            assert_eq!(parked(1, Act::Return, &entered).await.unwrap(), 17);
            runtime.resolve(&key(2), Resolution::Completed("seventeen")).await.unwrap();
            let mistyped = parked(2, Act::Return, &entered).await.unwrap_err();
            assert!(matches!(mistyped, AppError::Idem(Error::ResultType { .. })), "{mistyped}");
            runtime.resolve(&key(3), Resolution::<()>::Retry).await.unwrap();
            assert!(parked::call(3, Act::Return, &entered).await.unwrap().is_fresh());
        }).await;
    }

    /// What cannot be kept is told to the operator, and nothing is decided; what is not kept at all needs no value.
    async fn a_resolution_is_kept_as_a_result_is(bench: Bench) {
        bench.runtime.enter(async {
            let gate = Gate::new(1);
            {
                let both = async { futures::join!(odd(1, &gate), discarded(1, &gate)) };
                let mut both = Box::pin(both);
                until("the bodies are entered", async || {
                    assert!((&mut both).now_or_never().is_none());
                    gate.entries() == 2
                })
                .await;
            }
            for key in [odd::key(&1).unwrap(), discarded::key(&1).unwrap()] {
                let parked = async || bench.runtime.status(&key).await.unwrap().unwrap().state == State::Parked;
                until("it is set aside", parked).await;
            }
            let refused = odd::resolve(&1, Resolution::Completed(Odd)).await.unwrap_err();
            assert!(matches!(refused, Error::ResultType { .. }), "{refused}");
            assert_eq!(odd::status(&1).await.unwrap().unwrap().state, State::Parked);
            discarded::resolve(&1, Resolution::Completed(())).await.unwrap();
            let replayed = discarded::call(1, &gate).await.unwrap();
            assert_eq!((replayed.is_replayed(), replayed.into_value()), (true, 0));
            let record = discarded::status(&1).await.unwrap().unwrap();
            let Some(StoredResult::Absent(why)) = record.result else { panic!("{record:?}") };
            assert_eq!(&*why, "the task discards its result");
        }).await;
    }

    /// The owner is late, and comes while the record is set aside: it knows what became of its work.
    async fn a_late_owner_completes_what_was_set_aside(bench: Bench) {
        let entered = AtomicU32::new(0);
        let gate = Gate::new(5);
        bench.store.keeper_faults().always(Op::Renew, Fault::LoseRequest);
        bench.store.faults().next(Op::Complete, Fault::HoldRequest);
        let runtime = &bench.runtime;
        let other = bench.other_process();
        gate.open();
        let (own, ()) = tokio::join!(runtime.enter(parked(1, Act::Wait(&gate), &entered)), async {
            until("the completion is on its way", async || bench.count(Op::Complete) > 0).await;
            bench.clock.advance(Duration::from_secs(31));
            other.enter(refused(1, &entered)).await;
            bench.store.faults().release();
        });
        assert_eq!(own.unwrap(), 5);
        let replay = other.enter(parked::call(1, Act::Return, &entered)).await.unwrap();
        assert_eq!((replay.is_replayed(), replay.into_value()), (true, 5));
    }

    async fn configuration_and_calls_by_hand_park_too(bench: Bench) {
        let call = || bench.runtime.call("it.stale.hand").on_stale(OnStale::Park).arg("id", &1);
        let panics = call().run(async || -> Result<u32, AppError> { panic!("body") });
        AssertUnwindSafe(panics).catch_unwind().await.unwrap_err();
        let error = call().run(async || Ok::<_, AppError>(1)).await.unwrap_err();
        assert!(matches!(error, AppError::Idem(Error::OutcomeUnknown { .. })), "{error}");

        let contradicts = bench.runtime.call("it.stale.park").on_stale(OnStale::Rerun).arg("id", &1);
        let error = contradicts.run(async || Ok::<_, AppError>(1)).await.unwrap_err();
        assert!(error.to_string().contains("has another `on_stale` in force"), "{error}");

        let builder = Runtime::builder().store(bench.store.clone()).namespace("it").clock(Arc::new(bench.clock.clone()));
        let rerun = builder.task("it.stale.park", |task| task.on_stale(OnStale::Rerun)).build().unwrap();
        let entered = AtomicU32::new(0);
        rerun.enter(async {
            AssertUnwindSafe(parked(1, Act::Panic, &entered)).catch_unwind().await.unwrap_err();
            assert!(parked::call(1, Act::Return, &entered).await.unwrap().is_fresh());
        }).await;
    }
}
