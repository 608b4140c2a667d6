//! `reconcile`: a claim whose owner is gone is asked for its effect, under the next claim and before the next body.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use idem::policy::OnStale;
use idem::record::State;
use idem::testing::{Fault, Op};
use idem::{AbandonedClaim, Error, Reconciled, Resolution, Runtime, idempotent};

use crate::support::{AppError, Gate, on_each_store, until};

const LEASE: Duration = Duration::from_secs(30);

/// What the bank's function does when it is asked.
#[derive(Clone)]
enum Answer {
    Happened(u32),
    DidNotHappen,
    Unknown,
    Panics,
    Waits(Arc<Gate>),
}

/// What the body does.
#[derive(Clone, Copy)]
enum Act {
    Return,
    Fail,
    Panic,
    Hang,
}

/// The other side: what it will say, and what it saw.
struct Bank {
    answer: Mutex<Answer>,
    act: Mutex<Act>,
    charges: AtomicU32,
    asked: Mutex<Vec<Asked>>,
    /// The provider's key and the fence of the last body.
    charged_as: Mutex<Option<(String, u64)>>,
}

/// One asking: the abandoned claim, and the attempt that asks.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    attempt: u32,
    fence: Option<u64>,
    by_attempt: u32,
}

impl Bank {
    fn new(act: Act, answer: Answer) -> Self {
        let (answer, act) = (Mutex::new(answer), Mutex::new(act));
        Self { answer, act, charges: AtomicU32::new(0), asked: Mutex::default(), charged_as: Mutex::default() }
    }

    fn says(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn does(&self, act: Act) {
        *self.act.lock().unwrap() = act;
    }

    fn charges(&self) -> u32 {
        self.charges.load(Ordering::SeqCst)
    }

    fn asked(&self) -> Vec<(u32, u32)> {
        self.asked.lock().unwrap().iter().map(|asked| (asked.attempt, asked.by_attempt)).collect()
    }
}

async fn happened(order: &u32, bank: &Bank, claim: &AbandonedClaim) -> Reconciled<u32> {
    let now = idem::current();
    assert_eq!(now.key(), Some(claim.key()), "it runs under the new claim");
    assert!(now.fence() > claim.fence(), "which is higher");
    if let Some((key, fence)) = bank.charged_as.lock().unwrap().clone()
        && claim.fence().is_some_and(|found| found == fence)
    {
        assert_eq!(claim.derive_key("charge"), key, "the provider's key is the same");
    }
    let asked = Asked { attempt: claim.attempt(), fence: claim.fence(), by_attempt: now.attempt() };
    bank.asked.lock().unwrap().push(asked);
    assert_eq!(claim.fence().is_some(), claim.lease_until().is_some());
    let answer = bank.answer.lock().unwrap().clone();
    match answer {
        Answer::Happened(value) => Reconciled::Happened(value + order),
        Answer::DidNotHappen => Reconciled::DidNotHappen,
        Answer::Unknown => Reconciled::Unknown,
        Answer::Panics => panic!("asking"),
        Answer::Waits(gate) => Reconciled::Happened(gate.pass().await),
    }
}

#[idempotent(name = "it.reconcile", lease = "30s", skip(bank), reconcile = happened)]
async fn charge(order: u32, bank: &Bank) -> Result<u32, AppError> {
    bank.charges.fetch_add(1, Ordering::SeqCst);
    let claim = idem::current();
    *bank.charged_as.lock().unwrap() = Some((claim.derive_key("charge")?, claim.fence().unwrap()));
    let act = *bank.act.lock().unwrap();
    match act {
        Act::Return => Ok(order),
        Act::Fail => Err(AppError::Body("no".into())),
        Act::Panic => panic!("body"),
        Act::Hang => std::future::pending().await,
    }
}

#[idempotent(name = "it.reconcile.twice", lease = "30s", skip(bank), max_attempts = 2, reconcile = happened)]
async fn at_most_twice(order: u32, bank: &Bank) -> Result<u32, AppError> {
    charge_body(order, bank).await
}

#[idempotent(name = "it.reconcile.soon", lease = "500ms", skip(bank), reconcile = happened)]
async fn asked_soon(order: u32, bank: &Bank) -> Result<u32, AppError> {
    charge_body(order, bank).await
}

/// A look-up that is written as a step, before a body of steps.
async fn looks_up_in_a_step(_: &u32, bank: &Bank, claim: &AbandonedClaim) -> Reconciled<u32> {
    let looked: Result<u32, Error> = idem::step("look", async || unreachable!("it is no step of the body")).await;
    assert!(looked.unwrap_err().to_string().contains("`reconcile` function"));
    bank.asked.lock().unwrap().push(Asked { attempt: claim.attempt(), fence: None, by_attempt: 0 });
    Reconciled::DidNotHappen
}

#[idempotent(name = "it.reconcile.steps", lease = "30s", skip(bank), reconcile = looks_up_in_a_step)]
async fn in_steps(order: u32, bank: &Bank) -> Result<u32, AppError> {
    idem::step("charge", async || {
        bank.charges.fetch_add(1, Ordering::SeqCst);
        Ok::<_, AppError>(())
    })
    .await?;
    let act = *bank.act.lock().unwrap();
    match act {
        Act::Return => Ok(order),
        Act::Fail => Err(AppError::Body("no".into())),
        Act::Panic | Act::Hang => std::future::pending().await,
    }
}

/// On the servers too.
mod everywhere {
    use super::*;
    use crate::support::on_every_store;

    on_every_store! {
        async fn an_abandoned_claim_is_asked_for_when_its_lease_is_over(bench: Bench) {
            let bank = Bank::new(Act::Hang, Answer::Happened(16));
            bench.runtime.enter(async {
                let mut running = Box::pin(asked_soon(1, &bank));
                until("the body is entered", async || {
                    assert!((&mut running).now_or_never().is_none());
                    bank.charges() > 0
                }).await;
            }).await;
            let outcome = bench.other_real_process().enter(asked_soon::call(1, &bank)).await.unwrap();
            assert_eq!((outcome.is_replayed(), outcome.call().attempt, outcome.into_value()), (true, 2, 17));
            let asked = bank.asked.lock().unwrap().clone();
            assert!(matches!(asked.as_slice(), [Asked { attempt: 1, fence: Some(_), by_attempt: 2 }]), "{asked:?}");
            assert_eq!(bank.charges(), 1);
        }
    }
}

async fn charge_body(_: u32, bank: &Bank) -> Result<u32, AppError> {
    bank.charges.fetch_add(1, Ordering::SeqCst);
    std::future::pending().await
}

async fn state() -> Option<(State, u32)> {
    charge::status(&1).await.unwrap().map(|record| (record.state, record.attempt))
}

/// The keeper settles in order: once it has released this dropped call, whatever it was given before is settled too.
async fn the_keeper_has_settled(runtime: &Runtime) {
    let key = runtime.key("it.reconcile.after").arg("id", &1).make().unwrap();
    let state = async || runtime.status(&key).await.unwrap().map(|record| record.state);
    let body = async || std::future::pending::<Result<u32, AppError>>().await;
    let mut running = Box::pin(runtime.call("it.reconcile.after").arg("id", &1).run(body));
    until("the body is entered", async || {
        assert!((&mut running).now_or_never().is_none());
        state().await == Some(State::Running)
    })
    .await;
    drop(running);
    until("the keeper has released it", async || state().await == Some(State::Retryable)).await;
}

/// Enters the body, drops the call there, and lets the lease pass.
async fn abandon(bench: &crate::support::Bench, bank: &Bank) {
    bank.does(Act::Hang);
    let before = bank.charges();
    let mut running = Box::pin(charge(1, bank));
    until("the body is entered", async || {
        assert!((&mut running).now_or_never().is_none());
        bank.charges() > before
    })
    .await;
    drop(running);
    the_keeper_has_settled(&bench.runtime).await;
    assert_eq!(state().await, Some((State::Running, 1)), "something of the body may go on until the lease is over");
    bench.clock.advance(LEASE);
    bank.does(Act::Return);
}

on_each_store! {
    async fn asking_takes_no_step_and_moves_none_of_the_body_s(bench: Bench) {
        let bank = Bank::new(Act::Hang, Answer::DidNotHappen);
        bench.runtime.enter(async {
            let mut running = Box::pin(in_steps(1, &bank));
            until("its step is remembered", async || {
                assert!((&mut running).now_or_never().is_none());
                let calls = bench.store.faults().log();
                calls.iter().any(|call| call.op == Op::Complete && call.outcome.as_deref() == Some("answered"))
            }).await;
            drop(running);
            the_keeper_has_settled(&bench.runtime).await;
            bench.clock.advance(LEASE);
            bank.does(Act::Fail);
            assert!(matches!(in_steps(1, &bank).await, Err(AppError::Body(_))));
            bank.does(Act::Return);
            assert_eq!(in_steps(1, &bank).await.unwrap(), 1);
        }).await;
        assert_eq!((bank.charges(), bank.asked().len()), (1, 1));
    }

    async fn what_happened_is_kept_and_answered_and_the_body_is_not_entered(bench: Bench) {
        let bank = Bank::new(Act::Return, Answer::Happened(16));
        bench.runtime.enter(async {
            abandon(&bench, &bank).await;
            let outcome = charge::call(1, &bank).await.unwrap();
            assert_eq!((outcome.is_replayed(), outcome.call().attempt, outcome.call().recorded), (true, 2, true));
            assert_eq!((outcome.into_value(), bank.charges(), bank.asked()), (17, 1, vec![(1, 2)]));
            assert_eq!(charge(1, &bank).await.unwrap(), 17);
            assert_eq!((bank.charges(), bank.asked().len(), state().await), (1, 1, Some((State::Completed, 2))));
        }).await;
    }

    async fn what_did_not_happen_runs(bench: Bench) {
        let bank = Bank::new(Act::Return, Answer::DidNotHappen);
        bench.runtime.enter(async {
            abandon(&bench, &bank).await;
            let outcome = charge::call(1, &bank).await.unwrap();
            assert_eq!((outcome.is_fresh(), outcome.call().attempt), (true, 2));
            assert_eq!((bank.charges(), bank.asked()), (2, vec![(1, 2)]));
            assert!(charge::call(1, &bank).await.unwrap().is_replayed());
        }).await;
    }

    async fn what_nobody_knows_is_set_aside(bench: Bench) {
        let bank = Bank::new(Act::Return, Answer::Unknown);
        bench.runtime.enter(async {
            abandon(&bench, &bank).await;
            for _ in 0..2 {
                let error = charge(1, &bank).await.unwrap_err();
                let AppError::Idem(Error::OutcomeUnknown { message, .. }) = &error else { panic!("{error}") };
                assert!(message.contains("could not tell whether the effect of an abandoned attempt took place"), "{message}");
            }
            assert_eq!((bank.charges(), bank.asked().len(), state().await), (1, 1, Some((State::Parked, 2))));
            bench.runtime.resolve(&charge::key(&1).unwrap(), Resolution::<()>::Retry).await.unwrap();
            assert!(charge::call(1, &bank).await.unwrap().is_fresh(), "an operator's word is not questioned");
            assert_eq!(bank.asked().len(), 1);
        }).await;
    }

    async fn a_first_attempt_and_one_after_an_error_ask_nobody(bench: Bench) {
        let bank = Bank::new(Act::Fail, Answer::Unknown);
        bench.runtime.enter(async {
            charge(1, &bank).await.unwrap_err();
            bank.does(Act::Return);
            assert!(charge::call(1, &bank).await.unwrap().is_fresh());
            assert_eq!((bank.charges(), bank.asked().len()), (2, 0));
        }).await;
    }

    /// R17
    async fn r17_a_body_that_panicked_is_asked_for(bench: Bench) {
        let bank = Bank::new(Act::Panic, Answer::Happened(4));
        bench.runtime.enter(async {
            let panic = AssertUnwindSafe(charge(1, &bank)).catch_unwind().await.unwrap_err();
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"body"));
            assert_eq!(state().await, Some((State::Running, 1)));
            bench.clock.advance(LEASE);
            assert_eq!(charge(1, &bank).await.unwrap(), 5);
            assert_eq!(bank.charges(), 1);
        }).await;
    }

    async fn a_function_that_crashes_is_one_more_abandoned_claim(bench: Bench) {
        let bank = Bank::new(Act::Return, Answer::Panics);
        bench.runtime.enter(async {
            abandon(&bench, &bank).await;
            let panic = AssertUnwindSafe(charge(1, &bank)).catch_unwind().await.unwrap_err();
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"asking"));
            assert_eq!(state().await, Some((State::Running, 2)));

            // The next one is dropped while it asks.
            bench.clock.advance(LEASE);
            let gate = Gate::new(1);
            bank.says(Answer::Waits(Arc::clone(&gate)));
            let mut asking = Box::pin(charge(1, &bank));
            until("the function is asked", async || {
                assert!((&mut asking).now_or_never().is_none());
                gate.entries() > 0
            }).await;
            drop(asking);
            the_keeper_has_settled(&bench.runtime).await;
            assert_eq!(state().await, Some((State::Running, 3)));

            bench.clock.advance(LEASE);
            bank.says(Answer::DidNotHappen);
            let outcome = charge::call(1, &bank).await.unwrap();
            assert_eq!((outcome.is_fresh(), outcome.call().attempt, bank.charges()), (true, 4, 2));
            assert_eq!(bank.asked(), [(1, 2), (2, 3), (3, 4)]);
        }).await;
    }

    /// R15: a claim that took over is dropped before anybody was asked; that there is something to ask for is not forgotten
    async fn r15_dropped_before_it_asked_the_next_one_asks(bench: Bench) {
        let bank = Bank::new(Act::Return, Answer::Happened(7));
        bench.runtime.enter(async {
            abandon(&bench, &bank).await;
            bench.store.faults().next(Op::Claim, Fault::HoldReply);
            let mut dropped = Box::pin(charge(1, &bank));
            until("the claim is applied", async || {
                assert!((&mut dropped).now_or_never().is_none());
                state().await == Some((State::Running, 2))
            }).await;
            drop(dropped);
            bench.store.faults().release();
            the_keeper_has_settled(&bench.runtime).await;
            assert_eq!(state().await, Some((State::Running, 2)));
            bench.clock.advance(LEASE);
            assert_eq!(charge(1, &bank).await.unwrap(), 8);
            assert_eq!((bank.charges(), bank.asked()), (1, vec![(2, 3)]));
        }).await;
    }

    /// R4: the answer that told whom it took over is lost
    async fn r04_a_lost_reply_of_the_claim_asks_all_the_same(bench: Bench) {
        let bank = Bank::new(Act::Return, Answer::Happened(7));
        bench.runtime.enter(async {
            abandon(&bench, &bank).await;
            bench.store.faults().next(Op::Claim, Fault::LoseReply);
            assert_eq!(charge(1, &bank).await.unwrap(), 8);
            assert_eq!(*bank.asked.lock().unwrap(), [Asked { attempt: 1, fence: None, by_attempt: 2 }]);

            let first = Bank::new(Act::Return, Answer::Unknown);
            bench.store.faults().next(Op::Claim, Fault::LoseReply);
            assert!(charge::call(2, &first).await.unwrap().is_fresh(), "a first attempt has nothing to ask for");
        }).await;
    }

    async fn duplicates_wait_while_it_is_asked(bench: Bench) {
        let gate = Gate::new(9);
        let bank = Bank::new(Act::Return, Answer::Waits(Arc::clone(&gate)));
        bench.runtime.enter(async {
            abandon(&bench, &bank).await;
            let (first, second, ()) = tokio::join!(charge(1, &bank), charge(1, &bank), async {
                gate.entered().await;
                gate.open();
            });
            assert_eq!((first.unwrap(), second.unwrap(), bank.charges(), gate.entries()), (9, 9, 1, 1));
        }).await;
    }

    async fn attempts_that_are_used_up_are_not_asked_for(bench: Bench) {
        let bank = Bank::new(Act::Return, Answer::DidNotHappen);
        bench.runtime.enter(async {
            for attempt in 1..=2 {
                let mut running = Box::pin(at_most_twice(1, &bank));
                until("the body is entered", async || {
                    assert!((&mut running).now_or_never().is_none());
                    bank.charges() == attempt
                }).await;
                drop(running);
                bench.clock.advance(LEASE);
            }
            let error = at_most_twice(1, &bank).await.unwrap_err();
            assert!(error.to_string().contains("its attempts are used up (2 of 2)"), "{error}");
            assert_eq!((bank.charges(), bank.asked()), (2, vec![(1, 2)]));
        }).await;
    }

    /// A process whose configuration asks nobody must not run unasked what another meant to ask for.
    async fn who_has_nobody_to_ask_sets_aside(bench: Bench) {
        let bank = Bank::new(Act::Return, Answer::DidNotHappen);
        bench.runtime.enter(abandon(&bench, &bank)).await;
        let builder = Runtime::builder().store(bench.store.clone()).namespace("it").clock(Arc::new(bench.clock.clone()));
        let other = builder.task("it.reconcile", |task| task.on_stale(OnStale::Rerun)).build().unwrap();
        let error = other.enter(charge(1, &bank)).await.unwrap_err();
        assert!(matches!(error, AppError::Idem(Error::OutcomeUnknown { .. })), "{error}");
        assert_eq!((bank.charges(), bank.asked().len()), (1, 0));
    }
}

#[tokio::test]
async fn asking_without_a_function_is_refused() {
    let build = || Runtime::builder().store(idem::MemoryStore::new());
    let error = build().task("it.once", |task| task.on_stale(OnStale::Reconcile)).build().unwrap_err();
    assert!(error.to_string().contains("there is no function to ask: write `reconcile = "), "{error}");
    assert!(build().task("it.reconcile", |task| task.on_stale(OnStale::Reconcile)).build().is_ok());
    let runtime = build().build().unwrap();
    let error = runtime.call("it.reconcile").arg("order", &1).run(async || Ok::<_, AppError>(1_u32)).await.unwrap_err();
    assert!(
        error.to_string().contains("has a function for `reconcile`, which a call by hand does not have"),
        "{error}"
    );
    let by_hand = runtime.call("it.reconcile.hand").on_stale(OnStale::Reconcile).arg("order", &1);
    let error = by_hand.run(async || Ok::<_, AppError>(1_u32)).await.unwrap_err();
    assert!(error.to_string().contains("there is no function to ask"), "{error}");
}
