//! The keeper of the leases: beats that hang, connections that do not open, threads that are replaced, and the holder's own
//! deadline beside them.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use idem::clock::{Clock, SystemClock, Timestamp};
use idem::testing::{Fault, FaultStore, ManualClock, Op};
use idem::{Error, MemoryStore, Runtime, Store};

use crate::support::{AppError, BOUND, Bench, Gate, Kind, away, on_each_store, until};

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

    /// The first beat is never answered; the next ones are not kept waiting.
    async fn one_heartbeat_that_hangs_is_not_a_lost_lease(bench: Bench) {
        let real = bench.in_real_time().await;
        let beats = real.store.keeper_faults();
        beats.next(Op::Renew, Fault::HoldReply);
        let begun = Instant::now();
        let run = call(&real.runtime, "it.hung.beat", "2s").run(async || {
            beats.reached(Op::Renew, 2).await;
            // tidy: allow sleep: past the deadline that the claim alone would have given
            tokio::time::sleep(Duration::from_millis(2500).saturating_sub(begun.elapsed())).await;
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

/// Beats that fail are sent again within a twelfth of the lease: four of them leave time for a fifth.
#[tokio::test]
async fn a_beat_that_fails_is_sent_again_soon() {
    let real = Bench::by_real_clocks(Kind::Memory).await;
    let beats = real.store.keeper_faults();
    beats.times(Op::Renew, 4, Fault::LoseRequest);
    let begun = Instant::now();
    let run = call(&real.runtime, "it.failed.beats", "3s").run(async || {
        beats.reached(Op::Renew, 5).await;
        // tidy: allow sleep: past the deadline that the claim alone would have given
        tokio::time::sleep(Duration::from_millis(3500).saturating_sub(begun.elapsed())).await;
        Ok::<_, AppError>(1)
    });
    assert!(run.await.unwrap().call().recorded);
}

/// A store that answers nothing is asked once in a third of the lease, and not without a pause.
#[tokio::test]
async fn beats_that_hang_are_not_sent_in_a_flood() {
    let real = Bench::by_real_clocks(Kind::Memory).await;
    let beats = real.store.keeper_faults();
    beats.always(Op::Renew, Fault::HoldReply);
    let run = call(&real.runtime, "it.hung.beats", "1500ms");
    let lost = run.run(async || Ok::<_, AppError>(std::future::pending::<u32>().await)).await.unwrap_err();
    assert!(matches!(lost, AppError::Idem(Error::LeaseLost { .. })), "{lost}");
    assert!((1..=4).contains(&beats.count(Op::Renew)), "{} beats", beats.count(Op::Renew));
    beats.heal();
    beats.release();
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

/// A connection that hangs while it opens: bodies past their deadline are dropped all the same.
#[tokio::test]
async fn a_connection_that_hangs_delays_no_deadline() {
    let real = Bench::new(Kind::Memory).await.in_real_time().await;
    real.store.faults().always(Op::Keeper, Fault::HoldRequest);
    let begun = Instant::now();
    let run = call(&real.runtime, "it.opening", "300ms").run(async || {
        std::future::pending::<()>().await;
        Ok::<_, AppError>(1)
    });
    let lost = run.await.unwrap_err();
    assert!(matches!(lost, AppError::Idem(Error::LeaseLost { .. })), "{lost}");
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_keeper_that_never_connects_ends_with_its_runtime() {
    let inner: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let alive = Arc::downgrade(&inner);
    let store = FaultStore::new(inner);
    let faults = store.faults().clone();
    faults.always(Op::Keeper, away());
    let runtime = Runtime::builder().store(store).namespace("it").build().unwrap();
    let run = call(&runtime, "it.never", "1s").run(async || Ok::<_, AppError>(std::future::pending::<u32>().await));
    // Dropped, it is left to the keeper, which cannot settle it.
    assert!(run.now_or_never().is_none());
    drop(runtime);
    until("the keeper's thread ends", async || alive.strong_count() == 0).await;
    assert!((1..=6).contains(&faults.count(Op::Keeper)), "{} tries: the pauses grow", faults.count(Op::Keeper));
}

/// What a thread was sending when it was replaced is sent by its successor.
#[tokio::test]
async fn a_settlement_on_its_way_outlives_the_thread_that_sent_it() {
    let bench = Bench::new(Kind::Memory).await;
    let sent = bench.store.keeper_faults();
    sent.next(Op::Fail, Fault::HoldRequest);
    let run = call(&bench.runtime, "it.handed.on", "1h");
    assert!(run.run(async || Ok::<_, AppError>(std::future::pending::<u32>().await)).now_or_never().is_none());
    sent.reached(Op::Fail, 1).await;
    // A machine that was suspended: the keeper did not tick for so long that the next claim replaces it.
    bench.clock.advance(Duration::from_secs(15));
    call(&bench.runtime, "it.handed.next", "1h").run(async || Ok::<_, AppError>(1)).await.unwrap();
    bench.store.faults().reached(Op::Keeper, 2).await;
    let settled = async || sent.log().iter().any(|call| call.op == Op::Fail && call.outcome.is_some());
    until("its successor sends it", settled).await;
    let next = call(&bench.runtime, "it.handed.on", "1h").run(async || Ok::<_, AppError>(2)).await.unwrap();
    assert_eq!((next.is_fresh(), next.into_value()), (true, 2));
}

/// A thread that was replaced in its sleep may be the one that is woken for its successor.
#[tokio::test]
async fn a_replaced_keeper_swallows_no_news() {
    let bench = Bench::new(Kind::Memory).await;
    let (gate, second_gate) = (Gate::new(1), Gate::new(2));
    let first = call(&bench.runtime, "it.replaced", "60s").run(async || Ok::<_, AppError>(gate.pass().await));
    let suspend = async {
        gate.entered().await;
        bench.store.faults().reached(Op::Keeper, 1).await;
        asleep().await;
        bench.clock.advance(Duration::from_secs(15));
        gate.open();
    };
    tokio::join!(first, suspend).0.unwrap();
    bench.store.faults().next(Op::Claim, Fault::HoldReply);
    let second = call(&bench.runtime, "it.successor", "60s").run(async || Ok::<_, AppError>(second_gate.pass().await));
    let beats = async {
        bench.store.faults().reached(Op::Keeper, 2).await;
        asleep().await;
        bench.store.faults().release();
        second_gate.entered().await;
        bench.clock.advance(Duration::from_secs(25));
        until("the successor sends its beat", async || bench.store.keeper_faults().count(Op::Renew) > 0).await;
        second_gate.open();
    };
    assert!(tokio::join!(second, beats).0.unwrap().call().recorded);
}

/// Gives the keeper's thread the time to fall asleep, which cannot be seen; where it was too short the test proves less.
async fn asleep() {
    // tidy: allow sleep: that nothing happens any more cannot be waited for
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// One thread and one connection serve every call of a store.
#[tokio::test]
async fn calls_share_one_keeper() {
    let bench = Bench::new(Kind::Memory).await;
    for id in 0..50_u32 {
        let run = bench.runtime.call("it.shared.keeper").arg("id", &id);
        run.run(async || Ok::<_, AppError>(1)).await.unwrap();
        bench.store.faults().reached(Op::Keeper, 1).await;
    }
    assert_eq!(bench.count(Op::Keeper), 1);
}

/// It looked a moment ago, as long as its runtime has lived.
#[tokio::test]
async fn a_keeper_that_looks_is_not_replaced() {
    let bench = Bench::new(Kind::Memory).await;
    let beats = bench.store.keeper_faults();
    let run = call(&bench.runtime, "it.looks", "60s").run(async || {
        bench.clock.advance(Duration::from_secs(25));
        beats.reached(Op::Renew, 1).await;
        call(&bench.runtime, "it.looks.next", "60s").run(async || Ok::<_, AppError>(1)).await?;
        // Whoever is in charge now sends the next beat, and has opened a connection for it.
        bench.clock.advance(Duration::from_secs(25));
        beats.reached(Op::Renew, 2).await;
        Ok::<_, AppError>(1)
    });
    assert!(run.await.unwrap().call().recorded);
    assert_eq!(bench.count(Op::Keeper), 1);
}

/// The clock of a store, at which the keeper's thread sticks.
#[derive(Debug, Default)]
struct Sticky {
    sticks: AtomicBool,
    stuck: AtomicBool,
    open: (Mutex<bool>, Condvar),
}

impl Sticky {
    fn let_go(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }
}

impl Clock for Sticky {
    fn now(&self) -> Timestamp {
        if std::thread::current().name() == Some("idem-keeper") && self.sticks.load(Ordering::SeqCst) {
            self.stuck.store(true, Ordering::SeqCst);
            drop(self.open.1.wait_while(self.open.0.lock().unwrap(), |open| !*open).unwrap());
        }
        SystemClock.now()
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime()
    }
}

/// A store that blocks its thread while it answers a beat whose call has ended: nothing is held, and still the thread is not one that
/// sleeps until there is news.
#[tokio::test]
async fn a_keeper_that_sticks_with_nothing_held_is_replaced() {
    let sticky = Arc::new(Sticky::default());
    let store = FaultStore::new(Arc::new(MemoryStore::builder().clock(Arc::clone(&sticky) as _).build()));
    let clock = Arc::new(Watched::new(ManualClock::new()));
    let runtime = Runtime::builder().store(store.clone()).clock(Arc::clone(&clock) as _).build().unwrap();
    let beats = store.keeper_faults();
    beats.next(Op::Renew, Fault::HoldRequest);
    let run = call(&runtime, "it.sticks", "60s").run(async || {
        clock.time.advance(Duration::from_secs(25));
        beats.reached(Op::Renew, 1).await;
        Ok::<_, AppError>(1)
    });
    run.await.unwrap();
    // A whole look since.
    let before = clock.looks();
    until("the keeper looks again", async || clock.looks() > before + 1).await;
    sticky.sticks.store(true, Ordering::SeqCst);
    beats.release();
    until("the keeper sticks", async || sticky.stuck.load(Ordering::SeqCst)).await;
    clock.time.advance(Duration::from_secs(15));
    call(&runtime, "it.sticks.next", "60s").run(async || Ok::<_, AppError>(1)).await.unwrap();
    let replaced = tokio::time::timeout(BOUND, store.faults().reached(Op::Keeper, 2)).await;
    sticky.let_go();
    replaced.unwrap();
}

/// That its store cannot be reached is told once, and not at every try.
#[tokio::test]
async fn a_keeper_tells_once_that_its_store_is_away() {
    let store = FaultStore::new(Arc::new(MemoryStore::new()));
    store.faults().times(Op::Keeper, 3, away());
    let clock = Arc::new(Watched::new(SystemClock));
    let runtime = Runtime::builder().store(store.clone()).clock(Arc::clone(&clock) as _).build().unwrap();
    call(&runtime, "it.away", "60s").run(async || Ok::<_, AppError>(1)).await.unwrap();
    store.faults().reached(Op::Keeper, 4).await;
    assert_eq!(clock.logged.count("the keeper of the heartbeats cannot reach its store"), 1);
}

/// A clock of a runtime, which counts how often a keeper's thread reads it: at least once each time it looks. What the thread logs is
/// kept.
#[derive(Debug, Default)]
struct Watched<C> {
    time: C,
    looks: AtomicU64,
    logged: idem_test_log::Kept,
}

impl<C: Default> Watched<C> {
    fn new(time: C) -> Self {
        Self { time, ..Self::default() }
    }

    fn looks(&self) -> u64 {
        self.looks.load(Ordering::SeqCst)
    }
}

impl<C: Clock> Clock for Watched<C> {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn uptime(&self) -> Duration {
        if std::thread::current().name() == Some("idem-keeper") && self.looks.fetch_add(1, Ordering::SeqCst) == 0 {
            self.logged.of_this_thread();
        }
        self.time.uptime()
    }
}

/// A beat is due, and its connection is still being opened: nothing to do but to wait.
#[tokio::test]
async fn a_keeper_that_waits_for_its_connection_sleeps() {
    let store = FaultStore::new(Arc::new(MemoryStore::new()));
    let clock = Arc::new(Watched::new(SystemClock));
    let runtime = Runtime::builder().store(store.clone()).clock(Arc::clone(&clock) as _).build().unwrap();
    store.faults().always(Op::Keeper, Fault::HoldRequest);
    let run = call(&runtime, "it.waits.opening", "1500ms");
    let lost = run.run(async || Ok::<_, AppError>(std::future::pending::<u32>().await)).await.unwrap_err();
    assert!(matches!(lost, AppError::Idem(Error::LeaseLost { .. })), "{lost}");
    assert!(clock.looks() < 20, "{} looks", clock.looks());
}

/// A renewal that hangs, then a lost lease whose body blocks its thread: nothing to do but to wait.
#[tokio::test]
async fn a_keeper_that_can_only_wait_sleeps() {
    let store = FaultStore::new(Arc::new(MemoryStore::new()));
    let clock = Arc::new(Watched::new(SystemClock));
    let runtime = Runtime::builder().store(store.clone()).clock(Arc::clone(&clock) as _).build().unwrap();
    let beats = store.keeper_faults();
    beats.always(Op::Renew, Fault::HoldRequest);
    let run = call(&runtime, "it.waits", "1500ms").run(async || {
        beats.reached(Op::Renew, 1).await;
        let before = clock.looks();
        beats.reached(Op::Renew, 2).await;
        let hung = clock.looks() - before;
        // tidy: allow sleep: blocking past the deadline is the fault under test
        std::thread::sleep(Duration::from_millis(1500));
        let blocked = clock.looks() - before - hung;
        assert!(hung < 20 && blocked < 40, "{hung} looks at a renewal that hangs, {blocked} at a body that blocks");
        std::future::pending::<()>().await;
        Ok::<_, AppError>(1)
    });
    let lost = run.await.unwrap_err();
    assert!(matches!(lost, AppError::Idem(Error::LeaseLost { .. })), "{lost}");
}
