//! Before the queue: a job is enqueued once, and a producer that dies in between blocks it for a bounded time.

use std::time::Duration;

use idem::record::State;
use idem::testing::{Fault, Op};
use idem::{Admission, Delivery, Error, Runtime, Ticket, idempotent};

use crate::support::{AppError, Gate, away, busy, on_each_store, on_every_store, until};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

#[idempotent(name = "it.admit.job", key(id))]
async fn job(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await)
}

#[idempotent(name = "it.admit.skips", on_in_progress = "skip")]
async fn skips(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(name = "it.admit.long", key(id), lease = "1h")]
async fn long(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await)
}

#[idempotent(name = "it.admit.fails", key(id), on_error = "store", error_ttl = "10m")]
async fn fails(id: u32) -> Result<u32, AppError> {
    Err(AppError::Body(format!("no account {id}")))
}

#[idempotent(name = "it.admit.retried", key(id))]
async fn retried(id: u32, fails: bool) -> Result<u32, AppError> {
    if fails { Err(AppError::Body("later".into())) } else { Ok(id) }
}

#[idempotent(name = "it.admit.parked", key(id), on_stale = "park")]
async fn parked(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await)
}

#[idempotent(name = "it.admit.old", ttl = "48h", expires_after = "2h")]
async fn old(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(name = "it.admit.once", ttl = "forever", strict)]
async fn once(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(name = "it.admit.discarded", result = "discard")]
async fn discarded(id: u32) -> Result<bool, AppError> {
    Ok(id > 0)
}

#[idempotent(name = "it.admit.generic", key(id))]
async fn generic<T>(id: u32, made: fn() -> T) -> Result<T, AppError>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let _ = id;
    Ok(made())
}

fn ticket<T: std::fmt::Debug>(admission: Result<Admission<T>, Error>) -> Ticket {
    match admission {
        Ok(Admission::New(ticket)) => ticket,
        other => panic!("found {other:?}, expected New"),
    }
}

/// By real clocks, on every store.
mod everywhere {
    use super::*;

    on_every_store! {
        async fn two_producers_enqueue_a_job_once_and_its_delivery_runs(bench: Bench) {
            let other = bench.other_real_process();
            let gate = Gate::new(7);
            bench.runtime.enter(async {
                let first = ticket(job::admit(&1).await);
                assert_eq!(first.key(), &job::key(&1).unwrap());
                let second = other.enter(job::admit(&1)).await;
                // The first may still die before its queue: nobody says "queued" for it.
                assert!(matches!(second, Err(Error::InProgress { .. })), "{second:?}");
                first.keep().await.unwrap();
                let second = other.enter(job::admit(&1)).await;
                assert!(matches!(second, Ok(Admission::AlreadyQueued)), "{second:?}");
                let status = job::status(&1).await.unwrap().unwrap();
                assert_eq!((status.state, status.attempt), (State::Pending, 0));
                {
                    let running = job(1, &gate);
                    tokio::pin!(running);
                    tokio::select! {
                        ended = &mut running => panic!("{ended:?}"),
                        () = gate.entered() => {}
                    }
                    let third = other.enter(job::admit(&1)).await;
                    assert!(matches!(third, Ok(Admission::AlreadyRunning)), "{third:?}");
                    gate.open();
                    assert_eq!(running.await.unwrap(), 7);
                }
                match other.enter(job::admit(&1)).await {
                    Ok(Admission::AlreadyDone(done)) => {
                        assert!(done.is_replayed());
                        assert_eq!((done.call().attempt, *done.value()), (1, 7));
                    }
                    other => panic!("{other:?}"),
                }
            }).await;
        }

        async fn a_ticket_that_is_dropped_or_given_back_lets_the_next_producer_enqueue(bench: Bench) {
            bench.runtime.enter(async {
                drop(ticket(job::admit(&1).await));
                until("the keeper gave the ticket back", async || {
                    job::status(&1).await.unwrap().is_some_and(|record| record.state == State::Retryable)
                }).await;
                ticket(job::admit(&1).await).give_back().await.unwrap();
                let again = ticket(job::admit(&1).await);
                again.keep().await.unwrap();
                // No attempt was lost to any of them.
                let gate = Gate::new(1);
                gate.open();
                assert_eq!(job::call(1, &gate).await.unwrap().call().attempt, 1);
            }).await;
        }

        async fn a_job_that_failed_is_enqueued_again_as_its_next_attempt(bench: Bench) {
            bench.runtime.enter(async {
                retried(1, true).await.unwrap_err();
                ticket(retried::admit(&1).await).keep().await.unwrap();
                let outcome = retried::call(1, false).await.unwrap();
                assert_eq!(outcome.call().attempt, 2);
            }).await;
        }
    }
}

on_each_store! {
    async fn a_producer_that_dies_before_its_queue_blocks_the_job_for_a_quarter_of_an_hour(bench: Bench) {
        bench.runtime.enter(async {
            // Killed: nobody drops the ticket.
            std::mem::forget(ticket(job::admit(&1).await));
            bench.clock.advance(MINUTE * 14);
            let refused = job::admit(&1).await;
            assert!(matches!(&refused, Err(error @ Error::InProgress { .. }) if error.is_retryable()), "{refused:?}");
            bench.clock.advance(MINUTE * 2);
            let second = ticket(job::admit(&1).await);
            second.keep().await.unwrap();
        }).await;
    }

    async fn the_runtime_says_how_long_that_is(bench: Bench) {
        let runtime = Runtime::builder().store(bench.store.clone()).clock(std::sync::Arc::new(bench.clock.clone()));
        let runtime = runtime.admit_ttl("1m").build().unwrap();
        runtime.enter(async {
            std::mem::forget(ticket(job::admit(&1).await));
            bench.clock.advance(MINUTE);
            drop(ticket(job::admit(&1).await));
        }).await;
    }

    async fn a_job_in_its_queue_is_expected_for_its_ttl_a_day_at_least_and_no_longer_than_it_may_wait(bench: Bench) {
        bench.runtime.enter(async {
            ticket(job::admit(&1).await).keep().await.unwrap();
            ticket(old::admit(&1).await).keep().await.unwrap();
            ticket(once::admit(&1).await).keep().await.unwrap();
            ticket(job::admit(&2).await).keep_for(HOUR * 72).await.unwrap();
            bench.clock.advance(HOUR * 2 + MINUTE);
            drop(ticket(old::admit(&1).await));
            bench.clock.advance(HOUR * 21);
            assert!(matches!(job::admit(&1).await, Ok(Admission::AlreadyQueued)));
            bench.clock.advance(HOUR);
            drop(ticket(job::admit(&1).await));
            assert!(matches!(job::admit(&2).await, Ok(Admission::AlreadyQueued)));
            bench.clock.advance(HOUR * 24 * 6 - HOUR);
            assert!(matches!(once::admit(&1).await, Ok(Admission::AlreadyQueued)));
            bench.clock.advance(HOUR * 2);
            drop(ticket(once::admit(&1).await));
        }).await;
    }

    async fn a_queue_that_is_faster_than_keep_changes_nothing(bench: Bench) {
        bench.runtime.enter(async {
            let first = ticket(once::admit(&1).await);
            once(1).await.unwrap();
            first.keep().await.unwrap();
            let second = once::admit(&1).await;
            // A producer is told what is known, also of a task whose duplicates are errors.
            assert!(matches!(&second, Ok(Admission::AlreadyDone(done)) if *done.value() == 1), "{second:?}");
            let third = ticket(once::admit(&2).await);
            once(2).await.unwrap();
            third.give_back().await.unwrap();
            assert!(matches!(once(2).await, Err(AppError::Idem(Error::Duplicate { .. }))));
        }).await;
    }

    async fn what_a_call_would_be_refused_with_is_an_error(bench: Bench) {
        bench.runtime.enter(async {
            fails(1).await.unwrap_err();
            let refused = fails::admit(&1).await;
            assert!(matches!(&refused, Err(Error::PriorFailure { message, .. }) if message.contains("no account 1")), "{refused:?}");
            assert!(job::cancel(&1).await.unwrap());
            assert!(matches!(job::admit(&1).await, Err(Error::Cancelled { .. })));
            let delivery = |key: &str| Delivery::new().idempotency_key(key).unwrap();
            std::mem::forget(ticket(delivery("order-1").run(once::admit(&1)).await));
            let mismatch = delivery("order-1").run(once::admit(&2)).await;
            assert!(matches!(&mismatch, Err(Error::Mismatch { arguments, .. }) if arguments == &["id"]), "{mismatch:?}");
            // The delivery that comes has the same explicit key.
            assert_eq!(delivery("order-1").run(once(1)).await.unwrap(), 1);
        }).await;
    }

    async fn an_abandoned_call_that_must_not_rerun_is_not_enqueued_again(bench: Bench) {
        bench.runtime.enter(async {
            let gate = Gate::new(1);
            let mut running = Box::pin(parked(1, &gate));
            tokio::select! {
                ended = &mut running => panic!("{ended:?}"),
                () = gate.entered() => {}
            }
            // Its process is gone.
            bench.store.keeper_faults().always(Op::Renew, away());
            bench.store.keeper_faults().always(Op::Fail, away());
            std::mem::forget(running);
            bench.clock.advance(HOUR);
            let refused = bench.other_process().enter(parked::admit(&1)).await;
            match refused {
                Err(Error::OutcomeUnknown { message, .. }) => assert!(message.contains("did not end"), "{message}"),
                other => panic!("{other:?}"),
            }
        }).await;
    }

    async fn a_lost_answer_costs_nothing(bench: Bench) {
        bench.runtime.enter(async {
            bench.store.faults().next(Op::Admit, Fault::LoseReply);
            ticket(job::admit(&1).await).keep().await.unwrap();
            assert_eq!(bench.count(Op::Admit), 2);
            bench.store.faults().next(Op::Renew, Fault::LoseReply);
            ticket(job::admit(&2).await).keep().await.unwrap();
            assert_eq!(job::status(&2).await.unwrap().unwrap().state, State::Pending);
        }).await;
    }

    async fn a_store_that_is_away_is_an_error_and_what_it_wrote_is_given_back(bench: Bench) {
        bench.runtime.enter(async {
            bench.store.faults().always(Op::Admit, Fault::LoseReply);
            assert!(matches!(job::admit(&1).await, Err(Error::StoreUnavailable { .. })));
            bench.store.faults().heal();
            until("the keeper gave the ticket back", async || {
                job::status(&1).await.unwrap().is_some_and(|record| record.state == State::Retryable)
            }).await;
            drop(ticket(job::admit(&1).await));
        }).await;
    }

    async fn a_producer_that_is_dropped_while_it_asks_leaves_no_ticket(bench: Bench) {
        bench.runtime.enter(async {
            bench.store.faults().next(Op::Admit, Fault::HoldReply);
            let asked = bench.store.faults().clone();
            tokio::select! {
                biased;
                answer = job::admit(&1) => panic!("{answer:?}"),
                () = asked.reached(Op::Admit, 1) => {}
            }
            until("the keeper gave the ticket back", async || {
                job::status(&1).await.unwrap().is_some_and(|record| record.state == State::Retryable)
            }).await;
        }).await;
    }

    async fn a_ticket_that_ran_out_is_kept_all_the_same(bench: Bench) {
        bench.runtime.enter(async {
            let slow = ticket(job::admit(&1).await);
            bench.clock.advance(HOUR);
            slow.keep().await.unwrap();
            assert!(matches!(job::admit(&1).await, Ok(Admission::AlreadyQueued)));
            // Kept without being awaited: the job is in the queue, so that nothing is given back.
            let unpolled = ticket(job::admit(&2).await).keep();
            drop(unpolled);
            assert!(matches!(job::admit(&2).await, Err(Error::InProgress { .. })));
        }).await;
    }

    async fn a_record_that_something_locks_is_no_reason_to_drop_a_job(bench: Bench) {
        bench.runtime.enter(async {
            bench.store.faults().next(Op::Admit, busy());
            let refused = job::admit(&1).await;
            assert!(matches!(&refused, Err(error) if error.is_retryable()), "{refused:?}");
            bench.store.faults().next(Op::Claim, busy());
            let skipped = skips(1).await;
            assert!(matches!(skipped, Err(AppError::Idem(Error::InProgress { .. }))), "{skipped:?}");
        }).await;
    }

    async fn an_admission_that_is_over_says_nothing_of_arguments(bench: Bench) {
        let delivery = || Delivery::new().idempotency_key("order-1").unwrap();
        bench.runtime.enter(async {
            // A clearing stays for the longest lease, the admission over it for less.
            let gate = Gate::new(1);
            gate.open();
            delivery().run(long(7, &gate)).await.unwrap();
            let key = delivery().run(async { long::key(&7) }).await.unwrap();
            bench.runtime.clear_forced(&key).await.unwrap();
            std::mem::forget(ticket(delivery().run(long::admit(&1)).await));
            bench.clock.advance(MINUTE * 16);
            gate.open();
            delivery().run(long(2, &gate)).await.unwrap();
        }).await;
    }

    async fn a_shutdown_waits_for_tickets_and_gives_no_more(bench: Bench) {
        bench.runtime.enter(async {
            let out = ticket(job::admit(&1).await);
            let ended = bench.runtime.shutdown(Duration::ZERO).await;
            assert_eq!(ended.calls, 1, "{ended}");
            assert!(matches!(job::admit(&2).await, Err(Error::ShutDown { .. })));
            out.keep().await.unwrap();
            assert!(bench.runtime.shutdown(Duration::from_secs(20)).await.is_complete());
        }).await;
    }

    async fn results_that_are_not_kept_and_generic_ones_are_told(bench: Bench) {
        bench.runtime.enter(async {
            discarded(1).await.unwrap();
            let done = discarded::admit(&1).await.unwrap();
            assert!(matches!(&done, Admission::AlreadyDone(done) if !done.value()), "{done:?}");
            generic(1, || 5_u8).await.unwrap();
            let done: Admission<u8> = generic::admit(&1).await.unwrap();
            assert!(matches!(&done, Admission::AlreadyDone(done) if *done.value() == 5), "{done:?}");
        }).await;
    }

    async fn by_hand_it_is_the_same_question(bench: Bench) {
        let (runtime, id) = (&bench.runtime, 5_u32);
        let call = || runtime.call("it.admit.old").arg("id", &id);
        runtime.enter(async {
            ticket(call().admit::<u32>().await).keep().await.unwrap();
            assert!(matches!(old::admit(&5).await, Ok(Admission::AlreadyQueued)));
            old(5).await.unwrap();
            assert!(matches!(call().admit::<u32>().await, Ok(Admission::AlreadyDone(_))));
            let missing = runtime.call("it.admit.old").admit::<u32>().await;
            assert!(matches!(&missing, Err(Error::Config(what)) if what.contains("`id` was not given")), "{missing:?}");
        }).await;
    }

    async fn it_is_explained(bench: Bench) {
        bench.runtime.enter(async {
            std::mem::forget(ticket(job::admit(&1).await));
            let told = bench.runtime.explain(&job::key(&1).unwrap()).await.unwrap();
            assert!(!told.blocked, "{told}");
            assert!(told.to_string().contains("a producer is about to enqueue it"), "{told}");
        }).await;
    }
}

#[tokio::test]
async fn a_task_that_is_not_protected_is_always_enqueued() {
    let store = std::sync::Arc::new(idem::MemoryStore::new()) as std::sync::Arc<dyn idem::Store>;
    let builder = || Runtime::builder().store(std::sync::Arc::clone(&store)).namespace("it");
    let (shadow, share) = (builder().shadow("it.admit.job"), builder().rollout("it.admit.job", 0));
    let shadow = shadow.build().unwrap();
    std::mem::forget(ticket(shadow.enter(job::admit(&1)).await));
    // It would have been queued already, and is enqueued; what the first one wrote stays.
    ticket(shadow.enter(job::admit(&1)).await).keep().await.unwrap();
    let state = shadow.enter(job::status(&1)).await.unwrap().map(|record| record.state);
    assert_eq!(state, Some(State::Pending));
    let share = share.build().unwrap();
    ticket(share.enter(job::admit(&1)).await).give_back().await.unwrap();
    let state = share.enter(job::status(&1)).await.unwrap().map(|record| record.state);
    assert_eq!(state, Some(State::Pending));
    for runtime in [shadow, share] {
        runtime.shutdown(Duration::ZERO).await;
        let refused = runtime.enter(job::admit(&2)).await;
        assert!(matches!(refused, Err(Error::ShutDown { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_figure_that_is_none_is_refused() {
    let built = Runtime::builder().store(idem::MemoryStore::new()).admit_ttl("soon").build();
    assert!(matches!(&built, Err(Error::Config(what)) if what.starts_with("`admit_ttl`: ")), "{built:?}");
}
