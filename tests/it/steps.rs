//! Steps of a body: what an attempt did is not done again by the next.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use idem::testing::{Fault, Op};
use idem::{Error, Runtime};

use crate::support::{AppError, away, on_each_store};

/// What the steps did, in order.
#[derive(Debug, Default)]
struct Effects(Mutex<Vec<String>>);

impl Effects {
    /// A step that has its name as its effect and its length as its result.
    async fn step(&self, name: &str) -> Result<usize, AppError> {
        idem::step(name, async || {
            self.0.lock().unwrap().push(name.to_owned());
            Ok(name.len())
        })
        .await
    }

    fn seen(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

fn call(runtime: &Runtime, task: &str) -> idem::CallBuilder {
    runtime.call(task).ttl("1h").arg("id", &1)
}

fn failed<T>() -> Result<T, AppError> {
    Err(AppError::Body("no luck".into()))
}

/// The error of a call that our part refused.
fn refused<T: std::fmt::Debug>(ended: Result<idem::Outcome<T>, AppError>) -> Error {
    match ended {
        Err(AppError::Idem(error)) => error,
        ended => panic!("{ended:?}"),
    }
}

on_each_store! {
    async fn a_later_attempt_takes_up_where_the_earlier_ended(bench: Bench) {
        let effects = Effects::default();
        let attempt = async |last: bool| {
            call(&bench.runtime, "it.steps.resume").run(async || {
                let charged = effects.step("charge").await?;
                let shipped = effects.step("ship").await?;
                if last { Ok(charged + shipped) } else { failed() }
            }).await
        };
        assert!(attempt(false).await.is_err());
        assert!(attempt(false).await.is_err());
        assert_eq!(attempt(true).await.unwrap().into_value(), 10);
        assert_eq!(effects.seen(), ["charge", "ship"]);
        assert!(attempt(true).await.unwrap().is_replayed());
    }

    async fn a_call_that_was_dropped_in_a_step_takes_it_again_and_not_those_before(bench: Bench) {
        let effects = Effects::default();
        let body = async |hangs: bool| {
            effects.step("charge").await?;
            idem::step("ship", async || {
                effects.0.lock().unwrap().push("ship".into());
                if hangs { std::future::pending::<()>().await }
                Ok::<_, AppError>(())
            }).await
        };
        let mut dropped = Box::pin(call(&bench.runtime, "it.steps.dropped").run(async || body(true).await));
        crate::support::until("it is in its second step", async || {
            assert!((&mut dropped).now_or_never().is_none());
            effects.seen().len() == 2
        }).await;
        drop(dropped);
        call(&bench.runtime, "it.steps.dropped").run(async || body(false).await).await.unwrap();
        assert_eq!(effects.seen(), ["charge", "ship", "ship"]);
    }

    async fn another_process_takes_over_and_skips_what_was_done(bench: Bench) {
        let effects = Effects::default();
        let other = bench.other_process();
        assert!(call(&bench.runtime, "it.steps.over").run(async || { effects.step("charge").await?; failed::<()>() }).await.is_err());
        call(&other, "it.steps.over").run(async || effects.step("charge").await).await.unwrap();
        assert_eq!(effects.seen(), ["charge"]);
    }

    async fn a_cleared_key_begins_anew(bench: Bench) {
        let effects = Effects::default();
        let attempt = async |last: bool| {
            call(&bench.runtime, "it.steps.cleared").run(async || {
                effects.step("charge").await?;
                if last { Ok(()) } else { failed() }
            }).await
        };
        assert!(attempt(false).await.is_err());
        let key = bench.runtime.key("it.steps.cleared").arg("id", &1).make().unwrap();
        assert!(bench.runtime.clear(&key).await.unwrap());
        bench.clock.advance(std::time::Duration::from_micros(1));
        assert!(attempt(false).await.is_err());
        attempt(true).await.unwrap();
        assert_eq!(effects.seen(), ["charge", "charge"], "once in each life");
    }

    async fn a_step_that_failed_may_be_taken_again_at_once(bench: Bench) {
        let tries = AtomicU32::new(0);
        let attempt = async |last: bool| {
            call(&bench.runtime, "it.steps.again").run(async || {
                let number = loop {
                    let taken = idem::step("charge", async || match tries.fetch_add(1, Ordering::SeqCst) {
                        0 | 1 => failed(),
                        number => Ok(number),
                    });
                    if let Ok(number) = taken.await { break number }
                };
                if last { Ok(number) } else { failed() }
            }).await
        };
        assert!(attempt(false).await.is_err());
        assert_eq!(attempt(true).await.unwrap().into_value(), 2);
        assert_eq!(tries.load(Ordering::SeqCst), 3, "the third succeeded, and is remembered");
    }

    async fn nothing_is_taken_behind_a_step_that_failed(bench: Bench) {
        let effects = Effects::default();
        let notify = async |fails: bool| idem::step("notify", async || if fails { failed() } else { Ok(()) }).await;
        let attempt = async |first: bool| {
            call(&bench.runtime, "it.steps.behind").run(async || {
                // Not taken any more by the code of the second attempt.
                if first { _ = notify(true).await; }
                effects.step("charge").await?;
                if first { failed() } else { Ok(()) }
            }).await
        };
        let behind = refused(attempt(true).await);
        assert!(behind.to_string().contains("`charge` begins behind step `notify`, which failed"), "{behind}");
        attempt(false).await.unwrap();
        assert_eq!(effects.seen(), ["charge"]);
    }

    async fn a_refused_step_that_is_ignored_moves_no_other(bench: Bench) {
        let effects = Effects::default();
        assert!(call(&bench.runtime, "it.steps.ignored").run(async || { effects.step("charge").await?; failed::<()>() }).await.is_err());
        let changed = call(&bench.runtime, "it.steps.ignored").run(async || {
            _ = effects.step("notify").await;
            effects.step("charge").await
        });
        assert!(refused(changed.await).to_string().contains("behind step `notify`"));
        assert_eq!(effects.seen(), ["charge"]);
    }

    async fn steps_that_changed_are_refused_before_they_run(bench: Bench) {
        let effects = Effects::default();
        let attempt = async |names: &[&str]| {
            call(&bench.runtime, "it.steps.changed").run(async || {
                for name in names { effects.step(name).await?; }
                if names.len() == 2 { failed() } else { Ok(()) }
            }).await
        };
        assert!(attempt(&["charge", "ship"]).await.is_err());
        let swapped = refused(attempt(&["ship", "charge"]).await);
        assert!(swapped.to_string().contains("step 1 was `charge` in an earlier attempt, and is `ship`"), "{swapped}");
        let renamed = refused(attempt(&["charge", "send", "notify"]).await);
        assert!(renamed.to_string().contains("step 2 was `ship`"), "{renamed}");
        let missing = refused(attempt(&["charge"]).await);
        assert!(missing.to_string().contains("took the step `ship` behind the last one"), "{missing}");
        let none = refused(attempt(&[]).await);
        assert!(matches!(&none, Error::StepsChanged { .. }) && !none.is_retryable(), "{none}");
        assert_eq!(effects.seen(), ["charge", "ship"]);
        attempt(&["charge", "ship", "notify"]).await.unwrap();
        assert_eq!(effects.seen(), ["charge", "ship", "notify"], "steps may be added at the end");
    }

    async fn names_are_their_own_and_steps_follow_each_other(bench: Bench) {
        let effects = Effects::default();
        let twice = call(&bench.runtime, "it.steps.twice").run(async || {
            effects.step("charge").await?;
            effects.step("charge").await
        }).await;
        assert!(refused(twice).to_string().contains("two steps are called `charge`"));
        let nested = call(&bench.runtime, "it.steps.nested").run(async || {
            idem::step("outer", async || effects.step("inner").await).await
        }).await;
        assert!(refused(nested).to_string().contains("`inner` begins inside of step `outer`"));
        let beside = call(&bench.runtime, "it.steps.beside").run(async || {
            let one = idem::step("one", async || { tokio::task::yield_now().await; Ok::<_, AppError>(()) });
            tokio::try_join!(one, async { effects.step("two").await.map(drop) }).map(drop)
        }).await;
        assert!(refused(beside).to_string().contains("one after another"));
        assert_eq!(effects.seen(), ["charge"]);
    }

    async fn a_step_whose_record_got_no_answer_is_sent_again(bench: Bench) {
        for fault in [Fault::LoseReply, Fault::LoseRequest] {
            let effects = Effects::default();
            let task = format!("it.steps.lost.{fault:?}");
            bench.store.faults().next(Op::Complete, fault);
            let first = call(&bench.runtime, &task).run(async || { effects.step("charge").await?; failed::<()>() }).await;
            assert!(matches!(first, Err(AppError::Body(_))), "{first:?}");
            call(&bench.runtime, &task).run(async || effects.step("charge").await).await.unwrap();
            assert_eq!(effects.seen(), ["charge"]);
        }
    }

    async fn a_result_that_is_too_large_is_done_and_not_run_again(bench: Bench) {
        let runs = AtomicU32::new(0);
        let attempt = async || {
            call(&bench.runtime, "it.steps.large").max_result(100).run(async || {
                let large = idem::step("fetch", async || {
                    runs.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, AppError>("x".repeat(1_000))
                }).await?;
                assert_eq!(large.len(), 1_000);
                failed::<()>()
            }).await
        };
        assert!(matches!(attempt().await, Err(AppError::Body(_))), "the attempt that fetched it has it");
        let again = refused(attempt().await);
        assert!(matches!(&again, Error::ResultUnavailable { .. }), "{again}");
        assert!(again.to_string().contains("step `fetch`"), "{again}");
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    async fn a_step_of_another_type_is_an_error_and_no_second_run(bench: Bench) {
        let first = call(&bench.runtime, "it.steps.type").run(async || {
            idem::step("charge", async || Ok::<_, AppError>(7_u32)).await?;
            failed::<()>()
        }).await;
        assert!(matches!(first, Err(AppError::Body(_))));
        let second = call(&bench.runtime, "it.steps.type").run(async || {
            idem::step("charge", async || -> Result<String, AppError> { unreachable!("it was taken") }).await
        }).await;
        assert!(matches!(refused(second), Error::ResultType { .. }));
    }

    async fn without_a_store_steps_just_run(bench: Bench) {
        let effects = Effects::default();
        bench.store.faults().always(Op::Claim, away());
        let call = call(&bench.runtime, "it.steps.unprotected").on_store_error(idem::policy::OnStoreError::Run);
        let outcome = call.run(async || effects.step("charge").await).await.unwrap();
        assert!(matches!(outcome, idem::Outcome::Unprotected { value: 6, .. }));
        assert_eq!(bench.count(Op::Complete), 0);
    }

    /// A first attempt pays one write a step; what was taken costs a later one a read each, and one read at its end.
    async fn a_step_costs_one_operation(bench: Bench) {
        let effects = Effects::default();
        let attempt = async |last: bool| {
            call(&bench.runtime, "it.steps.cost").run(async || {
                effects.step("a").await?;
                effects.step("b").await?;
                if last { Ok(()) } else { failed() }
            }).await
        };
        assert!(attempt(false).await.is_err());
        assert_eq!((bench.count(Op::Get), bench.count(Op::Complete)), (0, 2));
        attempt(true).await.unwrap();
        assert_eq!((bench.count(Op::Get), bench.count(Op::Complete)), (3, 3), "two steps, the look behind them; the completion");
    }
}

mod on_servers {
    use super::{Effects, call, failed, refused};
    use crate::support::on_every_store;

    on_every_store! {
        async fn what_one_process_did_another_does_not_do_again(bench: Bench) {
            let effects = Effects::default();
            let attempt = async |runtime, names: &[&str]| {
                call(runtime, "it.steps.servers").run(async || {
                    for name in names { effects.step(name).await?; }
                    if names.len() == 2 { failed() } else { Ok(()) }
                }).await
            };
            let other = bench.other_real_process();
            assert!(attempt(&bench.runtime, &["charge", "ship"]).await.is_err());
            assert!(refused(attempt(&other, &["ship"]).await).to_string().contains("step 1 was `charge`"));
            attempt(&other, &["charge", "ship", "notify"]).await.unwrap();
            assert_eq!(effects.seen(), ["charge", "ship", "notify"]);
        }
    }
}

#[tokio::test]
async fn outside_of_a_body_there_are_no_steps() {
    let error = idem::step("charge", async || Ok::<_, Error>(())).await.unwrap_err();
    assert!(error.to_string().contains("inside the body of an idempotent handler"), "{error}");
}
