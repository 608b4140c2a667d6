//! A duplicate of a running call: waits, fails, or is skipped.

use std::sync::Arc;
use std::time::Duration;

use idem::testing::{Call, Fault, Op};
use idem::{Error, idempotent};
use tokio::sync::Notify;

use crate::support::{AppError, Bench, Gate, Kind, busy, on_each_store, until};

tokio::task_local! {
    static GATE: Arc<Gate>;
}

/// Says that it runs, and ends when it is let go.
async fn body() -> u32 {
    GATE.get().pass().await
}

#[idempotent(name = "it.in_progress.wait")]
async fn waits(id: u32) -> Result<u32, AppError> {
    Ok(body().await)
}

#[idempotent(name = "it.in_progress.bounded", wait = "50ms")]
async fn waits_a_little(id: u32) -> Result<u32, AppError> {
    Ok(body().await)
}

#[idempotent(name = "it.in_progress.patient", wait = "2s")]
async fn waits_for_long(id: u32) -> Result<u32, AppError> {
    Ok(body().await)
}

#[idempotent(name = "it.in_progress.error", on_in_progress = "error")]
async fn fails(id: u32) -> Result<u32, AppError> {
    Ok(body().await)
}

#[idempotent(name = "it.in_progress.skip", on_in_progress = "skip")]
async fn skips(id: u32) -> Result<u32, AppError> {
    Ok(body().await)
}

/// From five milliseconds to half a second, each pause twice the one before: a dozen questions in two seconds.
#[tokio::test]
async fn a_waiter_asks_less_and_less_often() {
    let bench = Bench::by_real_clocks(Kind::Memory).await;
    let (gate, other) = (Gate::new(7), bench.other_process());
    bench
        .runtime
        .enter(GATE.scope(gate.clone(), async {
            let winner = waits_for_long::call(1);
            let loser = async {
                gate.entered().await;
                let before = bench.count(Op::Claim);
                let late = other.enter(waits_for_long::call(1)).await.unwrap_err();
                gate.open();
                assert!(matches!(late, AppError::Idem(Error::InProgress { .. })), "{late}");
                bench.count(Op::Claim) - before
            };
            let (won, asked) = tokio::join!(winner, loser);
            assert!(won.unwrap().is_fresh() && (4..=40).contains(&asked), "{asked} questions");
        }))
        .await;
}

on_each_store! {
    /// Its first sending was applied, for all that is known: nobody waits for its lease.
    async fn a_claim_whose_repetition_meets_a_lock_is_given_back(bench: Bench) {
        let faults = bench.store.faults();
        faults.next(Op::Claim, Fault::LoseReply);
        faults.next(Op::Claim, busy());
        let refused = bench.runtime.enter(fails(2)).await.unwrap_err();
        assert!(matches!(refused, AppError::Idem(Error::InProgress { .. })), "{refused}");
        let settled = |calls: Vec<Call>| calls.iter().any(|call| call.op == Op::Fail && call.outcome.is_some());
        until("it is given back", async || settled(bench.store.keeper_faults().log())).await;
        let gate = Gate::new(7);
        gate.open();
        assert!(bench.runtime.enter(GATE.scope(gate, fails::call(2))).await.unwrap().is_fresh());
    }

    async fn a_record_that_a_transaction_holds_is_a_running_call(bench: Bench) {
        bench.store.faults().next(Op::Claim, busy());
        let refused = bench.runtime.enter(fails(1)).await.unwrap_err();
        assert!(matches!(refused, AppError::Idem(Error::InProgress { .. })), "{refused}");
        assert_eq!(bench.count(Op::Claim), 1);
    }

    async fn a_waiter_of_the_same_process_gets_the_winners_value(bench: Bench) {
        let gate = Gate::new(7);
        bench.runtime.enter(GATE.scope(gate.clone(), async {
            let (first, second, ()) = tokio::join!(waits::call(1), waits::call(1), async {
                gate.entered().await;
                gate.open();
            });
            let (first, second) = (first.unwrap(), second.unwrap());
            assert!(first.is_fresh() && second.is_replayed());
            assert_eq!((first.into_value(), second.into_value()), (7, 7));
        })).await;
        assert_eq!(gate.entries(), 1);
        assert_eq!(bench.count(Op::Claim), 1, "the waiter asked the store");
    }

    async fn a_waiter_of_another_process_gets_the_winners_value(bench: Bench) {
        let gate = Gate::new(7);
        let other = bench.other_process();
        let winner = bench.runtime.enter(GATE.scope(gate.clone(), waits::call(1)));
        let waiter = async {
            gate.entered().await;
            other.enter(GATE.scope(gate.clone(), waits::call(1))).await
        };
        let opener = async {
            // The winner asked once, the waiter at least once: it knows that the key is running.
            until("the waiter asked the store", async || bench.count(Op::Claim) >= 2).await;
            gate.open();
        };
        let (first, second, ()) = tokio::join!(winner, waiter, opener);
        assert!(first.unwrap().is_fresh());
        let second = second.unwrap();
        assert!(second.is_replayed());
        assert_eq!((second.into_value(), gate.entries()), (7, 1));
    }

    async fn a_bounded_wait_ends_in_progress_with_a_hint(bench: Bench) {
        let gate = Gate::new(7);
        bench.runtime.enter(GATE.scope(gate.clone(), async {
            let (first, ()) = tokio::join!(waits_a_little::call(1), async {
                gate.entered().await;
                let error = waits_a_little(1).await.unwrap_err();
                let AppError::Idem(error) = error else { panic!("{error}") };
                assert!(error.is_in_progress() && error.is_retryable());
                assert!(error.retry_after().is_some_and(|after| after > Duration::ZERO));
                gate.open();
            });
            assert!(first.unwrap().is_fresh());
        })).await;
    }

    async fn a_duplicate_fails_at_once_where_the_task_says_so(bench: Bench) {
        let gate = Gate::new(7);
        let other = bench.other_process();
        bench.runtime.enter(GATE.scope(gate.clone(), async {
            let (first, ()) = tokio::join!(fails::call(1), async {
                gate.entered().await;
                for duplicate in [fails(1).await, other.enter(fails(1)).await] {
                    assert!(matches!(duplicate, Err(AppError::Idem(Error::InProgress { .. }))), "{duplicate:?}");
                }
                gate.open();
            });
            assert!(first.unwrap().is_fresh());
            assert!(fails::call(1).await.unwrap().is_replayed(), "a completed call is no duplicate of a running one");
        })).await;
    }

    async fn a_duplicate_is_skipped_with_the_default_where_the_task_says_so(bench: Bench) {
        let gate = Gate::new(7);
        let other = bench.other_process();
        bench.runtime.enter(GATE.scope(gate.clone(), async {
            let (first, ()) = tokio::join!(skips::call(1), async {
                gate.entered().await;
                for duplicate in [skips::call(1).await, other.enter(skips::call(1)).await] {
                    let duplicate = duplicate.unwrap();
                    assert_eq!((duplicate.kind(), *duplicate.value()), ("skipped", 0));
                    assert!(!duplicate.call().recorded);
                }
                gate.open();
            });
            assert_eq!(first.unwrap().into_value(), 7);
        })).await;
    }

    async fn a_waiter_claims_for_itself_when_its_winner_fails(bench: Bench) {
        let turns = Arc::new(Notify::new());
        let entered = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let call = || {
            let (turns, entered) = (Arc::clone(&turns), Arc::clone(&entered));
            bench.runtime.call("it.in_progress.fails").arg("id", &1).run(async move || {
                let turn = entered.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                if turn == 0 {
                    turns.notified().await;
                    return Err(AppError::Body("the first fails".into()));
                }
                Ok(turn)
            })
        };
        let (first, second, ()) = tokio::join!(call(), call(), async {
            until("the first runs", async || entered.load(std::sync::atomic::Ordering::SeqCst) == 1).await;
            turns.notify_one();
        });
        assert!(matches!(first, Err(AppError::Body(_))));
        let second = second.unwrap();
        assert!(second.is_fresh());
        assert_eq!(second.call().attempt, 2);
    }
}
