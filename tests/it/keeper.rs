//! The keeper of the leases: beats that hang, connections that do not open, threads that are replaced, and the holder's own
//! deadline beside them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use idem::testing::{Fault, FaultStore, Op};
use idem::{Error, MemoryStore, Runtime};

use crate::support::{AppError, Bench, Kind, on_each_store, until};

fn call(runtime: &Runtime, task: &str, lease: &str) -> idem::CallBuilder {
    runtime.call(task).lease(lease).arg("id", &1)
}

on_each_store! {
    async fn ensure_owned_extends_the_holders_own_deadline(bench: Bench) {
        bench.store.keeper_faults().always(Op::Renew, Fault::LoseRequest);
        let run = call(&bench.runtime, "it.owned.extends", "30s").run(async || {
            for _ in 0..3 {
                bench.clock.advance(Duration::from_secs(20));
                idem::current().ensure_owned().await?;
            }
            bench.clock.advance(Duration::from_secs(20));
            tokio::task::yield_now().await;
            Ok::<_, AppError>(1)
        });
        assert!(run.await.unwrap().call().recorded);
    }

    async fn ensure_owned_learns_that_the_call_was_cancelled(bench: Bench) {
        let run = call(&bench.runtime, "it.owned.cancelled", "30s").run(async || {
            let current = idem::current();
            bench.runtime.cancel(current.key().unwrap()).await?;
            assert!(current.ensure_owned().await.is_err() && current.cancelled());
            std::future::pending::<()>().await;
            Ok::<_, AppError>(1)
        });
        let ended = run.await.unwrap_err();
        assert!(matches!(ended, AppError::Idem(Error::Cancelled { .. })), "{ended}");
    }
}

/// The keeper's renewal was sent first and is answered last.
#[tokio::test]
async fn an_older_answer_takes_nothing_back_from_a_newer_one() {
    let bench = Bench::new(Kind::Memory).await;
    let beats = bench.store.keeper_faults();
    beats.next(Op::Renew, Fault::HoldReply);
    let run = call(&bench.runtime, "it.older.answer", "30s").run(async || {
        bench.clock.advance(Duration::from_secs(11));
        beats.reached(Op::Renew, 1).await;
        bench.clock.advance(Duration::from_secs(9));
        idem::current().ensure_owned().await?;
        beats.always(Op::Renew, Fault::LoseRequest);
        beats.release();
        until("the older answer arrives", async || beats.log()[0].outcome.is_some()).await;
        // The keeper takes the answer in before it sends the next beat.
        bench.clock.advance(Duration::from_secs(12));
        beats.reached(Op::Renew, 2).await;
        bench.clock.advance(Duration::from_secs(12));
        tokio::task::yield_now().await;
        Ok::<_, AppError>(1)
    });
    assert!(run.await.unwrap().call().recorded);
}

/// The longest lease there is: its end is no time that a clock can show.
#[tokio::test]
async fn a_lease_without_end_is_no_panic_in_a_drop() {
    let real = Bench::new(Kind::Memory).await.in_real_time().await;
    let lease = format!("{}s", u64::MAX);
    let run = call(&real.runtime, "it.endless", &lease);
    let mut dropped = Box::pin(run.run(async || Ok::<_, AppError>(std::future::pending::<u32>().await)));
    match futures::poll!(&mut dropped) {
        // Its claim is left to the keeper in a drop.
        Poll::Pending => drop(dropped),
        Poll::Ready(refused) => assert!(matches!(refused, Err(AppError::Idem(Error::Config(_))))),
    }
}

/// An executor that polls a task where it is woken, on the thread that wakes it.
struct Inline(Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>);

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let Ok(mut task) = self.0.try_lock() else { return };
        let ended = task.as_mut().is_some_and(|task| task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
        if ended {
            *task = None;
        }
    }
}

#[test]
fn a_task_that_is_polled_where_it_is_woken_ends_with_its_lease() {
    let store = FaultStore::new(Arc::new(MemoryStore::new()));
    store.keeper_faults().always(Op::Renew, Fault::LoseRequest);
    let runtime = Runtime::builder().store(store).namespace("it").build().unwrap();
    let (ended, outcome) = mpsc::channel();
    let task = async move {
        let run = call(&runtime, "it.inline", "300ms").run(async || {
            std::future::pending::<()>().await;
            Ok::<_, AppError>(1)
        });
        ended.send(run.await.map(drop)).unwrap();
    };
    Arc::new(Inline(Mutex::new(Some(Box::pin(task))))).wake();
    let lost = outcome.recv_timeout(Duration::from_secs(10)).expect("it does not hang").unwrap_err();
    assert!(matches!(lost, AppError::Idem(Error::LeaseLost { .. })), "{lost}");
}
