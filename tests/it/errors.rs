//! What becomes of a body's error: forgotten, remembered for a time, or as a function of the task's says.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use idem::record::State;
use idem::testing::{Fault, Op};
use idem::{Error, ErrorDisposition, MemoryStore, Runtime, idempotent};

use crate::support::{AppError, away, on_each_store, on_every_store, until};

#[idempotent(name = "it.errors.store", skip(entered), on_error = "store", error_ttl = "10m")]
async fn stored(id: u32, entered: &AtomicU32) -> Result<u32, AppError> {
    match entered.fetch_add(1, Ordering::SeqCst) {
        0 => Err(AppError::Body("no such card".into())),
        _ => Ok(id),
    }
}

/// What is to become of it.
#[derive(Debug, Clone, Copy)]
enum Refused {
    Briefly,
    Remembered,
    WithoutEnd,
    ForGood,
    Panics,
}

#[derive(Debug, thiserror::Error)]
enum Judged {
    #[error(transparent)]
    Idem(#[from] Error),
    #[error("refused ({0:?})")]
    Refused(Refused),
}

fn judge(error: &Judged) -> ErrorDisposition {
    match error {
        Judged::Idem(_) | Judged::Refused(Refused::Briefly) => ErrorDisposition::Retry,
        Judged::Refused(Refused::Remembered) => ErrorDisposition::Store(Duration::from_secs(60)),
        Judged::Refused(Refused::WithoutEnd) => ErrorDisposition::Store(Duration::MAX),
        Judged::Refused(Refused::ForGood) => ErrorDisposition::Park,
        Judged::Refused(Refused::Panics) => panic!("judge"),
    }
}

#[idempotent(name = "it.errors.judged", skip(refused), on_error = judge)]
async fn judged(id: u32, refused: Refused) -> Result<u32, Judged> {
    Err(Judged::Refused(refused))
}

#[idempotent(name = "it.errors.judged_parked", skip(refused), on_error = judge, on_stale = "park")]
async fn judged_under_park(id: u32, refused: Refused) -> Result<u32, Judged> {
    Err(Judged::Refused(refused))
}

/// An error that says more than a record keeps, with what no text of a database may hold.
#[derive(Debug, thiserror::Error)]
enum Loud {
    #[error(transparent)]
    Idem(#[from] Error),
    #[error("{}", Shout)]
    Shout,
}

struct Shout;

impl fmt::Display for Shout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..1_000_000).try_for_each(|_| f.write_str("a\0ä"))
    }
}

#[idempotent(name = "it.errors.loud", on_error = "store", error_ttl = "1m")]
async fn loud(id: u32) -> Result<u32, Loud> {
    Err(Loud::Shout)
}

/// On the servers too.
mod everywhere {
    use super::*;

    on_every_store! {
        async fn a_stored_failure_answers_without_the_body(bench: Bench) {
            let entered = AtomicU32::new(0);
            bench.runtime.enter(async {
                assert!(matches!(stored(1, &entered).await, Err(AppError::Body(_))), "the first caller has the body's own error");
                for _ in 0..20 {
                    let error = stored(1, &entered).await.unwrap_err();
                    let AppError::Idem(Error::PriorFailure { message, attempt, failed_at, retry_at, .. }) = &error else {
                        panic!("{error}")
                    };
                    assert_eq!((message.as_str(), *attempt), ("refused by the body: no such card", 1));
                    assert_eq!(retry_at.map(|end| end.since(*failed_at)), Some(Duration::from_secs(600)));
                }
                assert_eq!(entered.load(Ordering::SeqCst), 1, "a storm of retries enters the body once");
                let record = stored::status(&1).await.unwrap().unwrap();
                assert_eq!((record.state, record.attempt), (State::Failed, 1));
                let again = bench.other_real_process();
                assert!(again.enter(stored(1, &entered)).await.is_err(), "another process is answered too");
                assert_eq!(entered.load(Ordering::SeqCst), 1);
            }).await;
        }

        async fn a_message_is_kept_as_far_as_there_is_room(bench: Bench) {
            bench.runtime.enter(async {
                assert!(matches!(loud(1).await, Err(Loud::Shout)));
                let error = loud(1).await.unwrap_err();
                let Loud::Idem(Error::PriorFailure { message, .. }) = &error else { panic!("{error}") };
                assert_eq!(message.len(), 4 * 1024);
                assert!(message.starts_with("a äa ä"), "{message}");
            }).await;
        }
    }
}

on_each_store! {
    async fn a_stored_failure_is_forgotten_when_its_time_is_over(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            stored(1, &entered).await.unwrap_err();
            bench.clock.advance(Duration::from_secs(599));
            stored(1, &entered).await.unwrap_err();
            bench.clock.advance(Duration::from_secs(1));
            let outcome = stored::call(1, &entered).await.unwrap();
            assert_eq!((outcome.is_fresh(), outcome.call().attempt), (true, 2), "the attempts go on");
            assert!(stored::call(1, &entered).await.unwrap().is_replayed());
        }).await;
    }

    async fn configuration_changes_how_long_a_failure_is_remembered(bench: Bench) {
        let builder = Runtime::builder().store(bench.store.clone()).namespace("it");
        let builder = builder.clock(std::sync::Arc::new(bench.clock.clone()));
        let runtime = builder.task("it.errors.store", |task| task.error_ttl("1m")).build().unwrap();
        let entered = AtomicU32::new(0);
        runtime.enter(async {
            stored(1, &entered).await.unwrap_err();
            bench.clock.advance(Duration::from_secs(60));
            assert!(stored::call(1, &entered).await.unwrap().is_fresh());
        }).await;
    }

    async fn a_function_decides_for_each_error(bench: Bench) {
        bench.runtime.enter(async {
            let state = async |id: u32| judged::status(&id).await.unwrap().unwrap().state;
            for (id, refused, expected) in [
                (1, Refused::Briefly, State::Retryable),
                (2, Refused::Remembered, State::Failed),
                (3, Refused::ForGood, State::Parked),
            ] {
                assert!(matches!(judged(id, refused).await, Err(Judged::Refused(_))));
                assert_eq!(state(id).await, expected, "{refused:?}");
            }
            assert!(matches!(judged(1, Refused::Briefly).await, Err(Judged::Refused(_))), "it runs again");
            let error = judged(2, Refused::Remembered).await.unwrap_err();
            assert!(matches!(&error, Judged::Idem(Error::PriorFailure { message, .. }) if message == "refused (Remembered)"), "{error}");
            let error = judged(3, Refused::ForGood).await.unwrap_err();
            assert!(matches!(&error, Judged::Idem(Error::OutcomeUnknown { message, .. }) if message == "refused (ForGood)"), "{error}");
            bench.clock.advance(Duration::from_secs(60));
            assert!(matches!(judged(2, Refused::Remembered).await, Err(Judged::Refused(_))), "its time is over");
        }).await;
    }

    /// As long as an attribute may say, which every server can count to.
    async fn a_failure_is_remembered_for_a_hundred_years_at_the_most(bench: Bench) {
        bench.runtime.enter(async {
            assert!(matches!(judged(1, Refused::WithoutEnd).await, Err(Judged::Refused(_))));
            let error = judged(1, Refused::WithoutEnd).await.unwrap_err();
            let Judged::Idem(Error::PriorFailure { failed_at, retry_at: Some(retry_at), .. }) = error else { panic!("{error}") };
            assert_eq!(retry_at.since(failed_at), Duration::from_secs(36_500 * 86_400));
        }).await;
    }

    /// R17, in the function that judges
    async fn r17_a_panic_of_the_function_goes_on_and_the_record_is_settled(bench: Bench) {
        bench.runtime.enter(async {
            let panic = AssertUnwindSafe(judged(1, Refused::Panics)).catch_unwind().await.unwrap_err();
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"judge"));
            assert_eq!(judged::status(&1).await.unwrap().unwrap().state, State::Retryable);
            let panic = AssertUnwindSafe(judged_under_park(1, Refused::Panics)).catch_unwind().await.unwrap_err();
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"judge"));
            assert_eq!(judged_under_park::status(&1).await.unwrap().unwrap().state, State::Parked);
        }).await;
    }

    /// R5, of a failure: its reply is lost, and it is told once
    async fn a_lost_reply_of_a_failure_is_told_by_the_keeper_and_counts_once(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            bench.store.faults().next(Op::Fail, Fault::LoseReply);
            assert!(matches!(stored(1, &entered).await, Err(AppError::Body(_))));
            let error = stored(1, &entered).await.unwrap_err();
            assert!(matches!(error, AppError::Idem(Error::PriorFailure { attempt: 1, .. })), "{error}");
        }).await;
    }

    async fn a_failure_that_the_store_did_not_hear_is_told_by_the_keeper(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            bench.store.faults().next(Op::Fail, away());
            assert!(matches!(stored(1, &entered).await, Err(AppError::Body(_))));
            until("the keeper told it", async || {
                stored::status(&1).await.unwrap().unwrap().state == State::Failed
            }).await;
            let error = stored(1, &entered).await.unwrap_err();
            assert!(matches!(error, AppError::Idem(Error::PriorFailure { attempt: 1, .. })), "{error}");
        }).await;
    }

    async fn waiters_of_a_call_that_fails_get_its_failure_and_do_not_run(bench: Bench) {
        let entered = AtomicU32::new(0);
        bench.runtime.enter(async {
            let all = futures::future::join_all((0..10).map(|_| stored(1, &entered))).await;
            let own = all.iter().filter(|one| matches!(one, Err(AppError::Body(_)))).count();
            let told = all.iter().filter(|one| matches!(one, Err(AppError::Idem(Error::PriorFailure { .. })))).count();
            assert_eq!((own, told, entered.load(Ordering::SeqCst)), (1, 9, 1));
        }).await;
    }
}

#[test]
fn a_time_for_failures_that_nobody_remembers_is_refused() {
    let build = |task: &str, ttl: &str| {
        Runtime::builder().store(MemoryStore::new()).task(task, |task| task.error_ttl(ttl)).build().map(drop)
    };
    assert!(build("it.errors.store", "1m").is_ok());
    let check = |task, ttl, part: &str| {
        let error = build(task, ttl).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check("it.errors.store", "1x", "`error_ttl`: ");
    check("it.errors.judged", "1m", "the task does not remember its failures: write `on_error = \"store\"`");
}

#[tokio::test]
async fn a_call_by_hand_does_as_the_task_of_its_name_where_it_can() {
    let runtime = crate::support::runtime();
    let fails = async || Err::<u32, _>(AppError::Body("by hand".into()));
    assert!(matches!(runtime.call("it.errors.store").arg("id", &1).run(fails).await, Err(AppError::Body(_))));
    let error = runtime.call("it.errors.store").arg("id", &1).run(fails).await.unwrap_err();
    let AppError::Idem(Error::PriorFailure { message, .. }) = &error else { panic!("{error}") };
    assert_eq!(message, "the body returned an error", "a call by hand asks for no `Display`");
    let error = runtime.call("it.errors.judged").arg("id", &1).run(fails).await.unwrap_err();
    let AppError::Idem(Error::Config(message)) = &error else { panic!("{error}") };
    assert!(message.contains("has a function for `on_error`, which a call by hand does not have"), "{message}");
}
