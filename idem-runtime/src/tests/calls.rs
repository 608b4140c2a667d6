//! Whole calls, from the key to the answer, on a runtime whose keeper is a task beside them.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use shuttle::future::{spawn, yield_now};
use shuttle::rand::{Rng, thread_rng};

use super::{Remote, after, clock, paused, some_schedules, together};
use crate::error::Error;
use crate::lease::Workplace;
use crate::outcome::Outcome;
use crate::policy::OnStale;
use crate::record::State;
use crate::runtime::{CallBuilder, Runtime};

/// A third of the lease of these calls.
const BEAT: Duration = Duration::from_secs(1);
const LEASE: &str = "3s";

fn runtime(store: &Remote) -> Runtime {
    Runtime::builder().store(store.clone()).clock(clock()).keepers(Workplace::BesideTheCalls).build().unwrap()
}

fn order(runtime: &Runtime, number: u64) -> CallBuilder {
    runtime.call("shop.order").arg("number", &number).lease(LEASE)
}

/// The bodies of a test, counted.
#[derive(Debug, Default)]
struct Bodies {
    entered: AtomicUsize,
    running: AtomicUsize,
    /// None may be entered any more.
    closed: AtomicBool,
}

struct Inside<'a>(&'a Bodies);

impl Bodies {
    /// A body of one key, of which there is one at a time: for two beats, with the number of its entry as its value.
    async fn body(&self) -> Result<usize, Error> {
        assert!(!self.closed.load(SeqCst), "a body was entered after the end");
        let entry = self.entered.fetch_add(1, SeqCst);
        assert_eq!(self.running.fetch_add(1, SeqCst), 0, "two bodies of one key run at once");
        let inside = Inside(self);
        after(BEAT * 2).await;
        drop(inside);
        Ok(entry)
    }

    fn entered(&self) -> usize {
        self.entered.load(SeqCst)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

/// A call of the first key, with a body that is counted.
async fn counted(runtime: Runtime, bodies: Arc<Bodies>) -> Result<Outcome<usize>, Error> {
    order(&runtime, 1).run(|| bodies.body()).await
}

/// Nothing is under way any more, held or left.
async fn ends(runtime: &Runtime) {
    let end = runtime.shutdown(Duration::from_secs(60)).await;
    assert!(end.is_complete(), "{end}");
    assert!(end.running.is_empty(), "{end}");
}

#[test]
fn a_completion_that_meets_a_heartbeat_of_its_claim_is_answered_fresh_and_kept() {
    some_schedules(|| async {
        let store = Remote::new();
        let runtime = runtime(&store);
        let calls = (1..=3).map(|number| {
            let runtime = runtime.clone();
            async move {
                let outcome = order(&runtime, number).run(|| async move {
                    after(BEAT * 2).await;
                    Ok::<_, Error>(number)
                });
                outcome.await.unwrap()
            }
        });
        let outcomes = together(calls).await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Fresh { call, .. } if call.recorded)));
        for (number, outcome) in (1..).zip(outcomes) {
            assert_eq!(store.state(&outcome.call().key).await, Some(State::Completed));
            let again = order(&runtime, number).run(pending::<Result<u64, Error>>).await.unwrap();
            assert!(matches!(again, Outcome::Replayed { value, .. } if value == number));
        }
        assert_eq!(store.completed(), 3);
        ends(&runtime).await;
    });
}

#[test]
fn callers_of_one_key_share_one_body_though_requests_and_answers_are_lost() {
    some_schedules(|| async {
        let store = Remote::new().loses(2);
        let (runtime, bodies) = (runtime(&store), Arc::new(Bodies::default()));
        let outcomes = together((0..3).map(|_| counted(runtime.clone(), Arc::clone(&bodies)))).await;
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        let is_fresh = |outcome: &&Outcome<usize>| matches!(outcome, Outcome::Fresh { call, .. } if call.recorded);
        let fresh = outcomes.iter().filter(is_fresh).count();
        assert_eq!((bodies.entered(), fresh, store.completed()), (1, 1, 1));
        ends(&runtime).await;
    });
}

#[test]
fn a_caller_that_is_dropped_leaves_the_others_one_value_and_nothing_held() {
    some_schedules(|| async {
        let store = Remote::new();
        let (runtime, bodies) = (runtime(&store), Arc::new(Bodies::default()));
        let dropped = spawn(counted(runtime.clone(), Arc::clone(&bodies)));
        let others: Vec<_> = (0..2).map(|_| spawn(counted(runtime.clone(), Arc::clone(&bodies)))).collect();
        let drops = spawn(async move {
            // Before its body, in it, or while it is recorded.
            after(BEAT * 2).await;
            dropped.abort();
            dropped.await
        });
        let mut values = Vec::new();
        for other in others {
            values.push(other.await.unwrap().unwrap().into_value());
        }
        values.extend(drops.await.unwrap().ok().map(|outcome| outcome.unwrap().into_value()));
        assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
        assert_eq!(store.completed(), 1);
        ends(&runtime).await;
    });
}

#[test]
fn what_a_body_returned_is_kept_though_its_call_is_dropped_and_a_body_that_did_not_is_parked() {
    some_schedules(|| async {
        let store = Remote::new();
        let runtime = runtime(&store);
        let (entered, returned) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let call = || {
            let (runtime, entered, returned) = (runtime.clone(), Arc::clone(&entered), Arc::clone(&returned));
            async move {
                let body = || async {
                    let entry = entered.fetch_add(1, SeqCst);
                    yield_now().await;
                    returned.store(true, SeqCst);
                    Ok::<_, Error>(entry)
                };
                order(&runtime, 1).on_stale(OnStale::Park).run(body).await
            }
        };
        let dropped = spawn(call());
        // Before its body, in it, while its result is sent, or after.
        let entered_before = Arc::clone(&entered);
        while entered_before.load(SeqCst) == 0 && !dropped.is_finished() && thread_rng().gen_bool(0.9) {
            yield_now().await;
        }
        dropped.abort();
        _ = dropped.await;
        let did_return = returned.load(SeqCst);
        match call().await {
            Ok(outcome) => assert_eq!(outcome.into_value(), 0),
            Err(error) => assert!(matches!(error, Error::OutcomeUnknown { .. }) && !did_return, "{error}"),
        }
        assert_eq!(entered.load(SeqCst), 1);
        ends(&runtime).await;
    });
}

#[test]
fn after_a_shutdown_no_body_begins_and_nothing_is_held_though_a_call_is_dropped() {
    some_schedules(|| async {
        let store = Remote::new().loses(2);
        let (runtime, bodies) = (runtime(&store), Arc::new(Bodies::default()));
        let calls: Vec<_> = (0..3).map(|_| spawn(counted(runtime.clone(), Arc::clone(&bodies)))).collect();
        yield_now().await;
        calls[0].abort();
        let end = runtime.shutdown(Duration::from_secs(60));
        // Who was let in before is inside by now; a claim that is sent again is not answered yet.
        after(Duration::from_millis(1)).await;
        bodies.closed.store(true, SeqCst);
        let end = end.await;
        assert!(end.is_complete() && end.running.is_empty(), "{end}");
        assert_eq!(bodies.running.load(SeqCst), 0);
        for call in calls {
            if let Ok(Err(error)) = call.await {
                assert!(matches!(error, Error::ShutDown { .. }), "{error}");
            }
        }
        let late = counted(runtime, bodies).await;
        assert!(matches!(late, Err(Error::ShutDown { .. })));
    });
}

#[test]
fn of_two_bodies_that_call_each_other_at_once_one_at_most_is_refused_and_both_end() {
    some_schedules(|| async {
        let store = Remote::new();
        let runtime = runtime(&store);
        let calls = [(1, 2), (2, 1)].map(|(own, other)| {
            let runtime = runtime.clone();
            async move {
                let body = || async {
                    let inner = order(&runtime, other).run(|| async { Ok::<_, Error>(false) }).await;
                    match inner {
                        Ok(_) => Ok(false),
                        Err(Error::Reentrant { .. }) => Ok(true),
                        Err(error) => Err(error),
                    }
                };
                order(&runtime, own).run(body).await.unwrap().into_value()
            }
        });
        let refused = together(calls).await.into_iter().filter(|refused| *refused).count();
        assert!(refused <= 1);
        ends(&runtime).await;
    });
}

#[test]
fn where_two_processes_stop_for_longer_than_a_lease_one_value_is_kept_and_nobody_answers_another() {
    some_schedules(|| async {
        let store = Remote::new();
        let runtimes = [runtime(&store), runtime(&store)];
        let entered = Arc::new(AtomicUsize::new(0));
        let calls: Vec<_> = runtimes
            .iter()
            .chain(&runtimes)
            .map(|runtime| {
                let (runtime, entered) = (runtime.clone(), Arc::clone(&entered));
                spawn(async move {
                    let body = || async {
                        let entry = entered.fetch_add(1, SeqCst);
                        after(BEAT * 2).await;
                        Ok::<_, Error>(entry)
                    };
                    order(&runtime, 1).run(body).await
                })
            })
            .collect();
        yield_now().await;
        paused(BEAT * 4);
        let mut values = Vec::new();
        for call in calls {
            match call.await.unwrap() {
                Ok(outcome) => values.push(outcome.into_value()),
                Err(error) => assert!(matches!(error, Error::LeaseLost { .. }), "{error}"),
            }
        }
        assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
        assert_eq!(store.completed(), 1);
        for runtime in &runtimes {
            ends(runtime).await;
        }
    });
}
