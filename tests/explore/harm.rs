//! What is done to a delivery: where, and what that does to the handler.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idem::clock::Timestamp;
use idem::idempotent;
use idem::testing::{Explorer, Promise, current_runtime, explore};

use crate::world::{AppError, Payments, charge_at_once, lock};

const AWAITS: u32 = 5;

/// Where a body is, told when it is dropped.
struct Place<'a> {
    at: u32,
    dropped: &'a Mutex<BTreeSet<u32>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(self.dropped).insert(self.at);
    }
}

#[idempotent(name = "explore.walk", key())]
async fn walk(#[idem(skip)] dropped: &Mutex<BTreeSet<u32>>) -> Result<u32, AppError> {
    let mut place = Place { at: 0, dropped };
    for _ in 0..AWAITS {
        place.at += 1;
        tokio::task::yield_now().await;
    }
    place.at = 0;
    Ok(1)
}

#[test]
fn every_await_and_every_operation_is_visited() {
    let dropped = Mutex::default();
    let deliver = async |(): &()| walk(&dropped).await;
    let found = Explorer::new(|| (), deliver).max_faults(1).run();
    found.assert_holds();
    assert_eq!((found.awaits(), found.operations()), (5, 2));
    // Three things at each await and ten at each operation; the second delivery only asks for the claim.
    assert_eq!(found.schedules_of(1), 5 * 3 + 2 * 10 + 10, "{found}");
    assert_eq!(*lock(&dropped), (0..=AWAITS).collect());
}

/// A lock in the world that a destructor frees.
struct Locked<'a>(&'a AtomicBool);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Dropped, a body frees what it has; killed, it does not.
#[test]
fn a_killed_delivery_runs_no_destructor() {
    #[idempotent(name = "explore.locked", key())]
    async fn locked(#[idem(skip)] lock: &AtomicBool) -> Result<u32, AppError> {
        if lock.swap(true, Ordering::SeqCst) {
            return Err(AppError::Refused("locked"));
        }
        let _locked = Locked(lock);
        tokio::task::yield_now().await;
        Ok(1)
    }
    let explorer = || Explorer::new(AtomicBool::default, async |lock: &AtomicBool| locked(lock).await);
    let found = explorer().run();
    let violation = found.violation().unwrap();
    assert_eq!((violation.promise(), violation.seed()), (Promise::Answers, "1@await1=kill"), "{found}");
    explorer().replay("1@await1=drop").run().assert_holds();
}

/// What a body spawned ends with its process.
#[test]
fn a_kill_ends_what_the_body_spawned() {
    #[idempotent(name = "explore.spawns", key())]
    async fn spawns(#[idem(skip)] count: &Arc<AtomicU32>) -> Result<u32, AppError> {
        let count = Arc::clone(count);
        let later = async move {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            count.fetch_add(1, Ordering::SeqCst);
        };
        if idem::current().attempt() == 1 {
            tokio::spawn(later);
        }
        tokio::task::yield_now().await;
        Ok(1)
    }
    let deliver = async |count: &Arc<AtomicU32>| spawns(count).await;
    let explorer = |seed: &str| Explorer::new(Arc::<AtomicU32>::default, deliver).replay(seed);
    let ran = |count: &Arc<AtomicU32>| count.load(Ordering::SeqCst) == 1;
    explorer("1@await1=drop").at_the_end(ran).run().assert_holds();
    explorer("1@await1=kill").at_the_end(move |count| !ran(count)).run().assert_holds();
}

/// While the store is away the body's value cannot be recorded: the next delivery runs it again.
#[test]
fn a_store_that_is_away_keeps_nothing() {
    #[idempotent(name = "explore.counts", key())]
    async fn counts(#[idem(skip)] runs: &AtomicU32) -> Result<u32, AppError> {
        // The keeper opens its connection meanwhile, which is to be away as well.
        tokio::task::yield_now().await;
        Ok(runs.fetch_add(1, Ordering::SeqCst))
    }
    let explorer = || Explorer::new(AtomicU32::default, async |runs: &AtomicU32| counts(runs).await);
    let ran = |times| move |runs: &AtomicU32| runs.load(Ordering::SeqCst) == times;
    for (seed, times) in [
        ("none", 1),
        ("1@claim1=away", 1),
        ("1@claim1=lose-request", 1),
        ("1@claim1=lose-reply", 1),
        ("1@claim1=late", 1),
        ("1@claim1=drop-after", 1),
        ("1@claim1=kill-after", 1),
        ("1@complete1=lose-request", 1),
        ("1@complete1=lose-reply", 1),
        ("1@complete1=late", 1),
        ("1@complete1=drop-before", 1),
        ("1@complete1=drop-after", 1),
        ("1@complete1=kill-after", 1),
        ("1@complete1=kill-before", 2),
        ("1@complete1=away", 2),
        ("1@complete1=away,2@complete1=kill-before", 3),
    ] {
        let found = explorer().replay(seed).at_the_end(ran(times)).run();
        assert!(found.violation().is_none(), "{seed}: {found}");
        assert_eq!(found.entries(), (times as usize, times as usize), "{seed}");
    }
}

/// Two faults are needed: the retry that mends the first is hit as well.
#[test]
fn pairs_find_what_single_faults_do_not() {
    #[idempotent(name = "explore.third", key())]
    async fn third(#[idem(skip)] runs: &AtomicU32) -> Result<u32, AppError> {
        Ok(runs.fetch_add(1, Ordering::SeqCst))
    }
    let explorer = || {
        let deliver = async |runs: &AtomicU32| third(runs).await;
        Explorer::new(AtomicU32::default, deliver).always(|runs| runs.load(Ordering::SeqCst) < 3)
    };
    explorer().max_faults(1).run().assert_holds();
    let found = explorer().run();
    assert_eq!(
        found.violation().unwrap().seed(),
        "1@complete1=kill-before,2@get1=kill-before",
        "at the look for steps"
    );
    let found =
        explore(AtomicU32::default, async |runs: &AtomicU32| third(runs).await, |runs| runs.load(Ordering::SeqCst) < 2);
    assert_eq!(found.violation().unwrap().seed(), "1@complete1=kill-before");
}

/// A destructor that panics is the delivery's error: exploring goes on.
#[test]
fn a_destructor_that_panics_is_told() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "the destructor");
        }
    }
    let deliver = async |runs: &AtomicU32| {
        let bomb = (runs.fetch_add(1, Ordering::SeqCst) == 0).then_some(Bomb);
        tokio::task::yield_now().await;
        std::mem::forget(bomb);
        Ok::<_, AppError>(())
    };
    let found = Explorer::new(AtomicU32::default, deliver).always(|_| false).replay("1@await1=drop").run();
    let steps = found.violation().unwrap().steps();
    assert!(steps[0].starts_with("delivery 1: dropped the 1st time it waited"), "{found}");
    assert!(steps[1].contains("a panic of a destructor: the destructor"), "{found}");
}

/// A process that takes over goes on at the time at which the other was killed, on each of the clocks.
#[test]
fn time_goes_on_from_one_process_to_the_next() {
    type Times = Mutex<Vec<(Timestamp, tokio::time::Instant)>>;
    let deliver = async |times: &Times| {
        let runtime = current_runtime()?;
        let run = async || {
            // tidy: allow sleep: in virtual time
            tokio::time::sleep(Duration::from_secs(100)).await;
            Ok::<_, AppError>(1)
        };
        let delivery = lock(times).len();
        let outcome = runtime.call("explore.time").arg("delivery", &delivery).run(run).await?;
        lock(times).push((outcome.call().created_at.unwrap(), tokio::time::Instant::now()));
        // Where it is killed: nothing runs under a lease.
        tokio::task::yield_now().await;
        Ok::<_, AppError>(())
    };
    let found = Explorer::new(Times::default, deliver).at_the_end(|times| {
        let [(first, first_end), (second, second_end)] = lock(times)[..] else { panic!("two deliveries") };
        second.since(first) >= Duration::from_secs(100) && second_end - first_end >= Duration::from_secs(100)
    });
    found.replay("1@await2=kill").run().assert_holds();
}

/// The kill comes while the store is asked, though the delivery gives that call up and would answer at once.
#[test]
fn a_kill_comes_before_an_answer() {
    let deliver = async |payments: &Payments| {
        let call = std::pin::pin!(charge_at_once(payments, 1));
        Ok::<_, AppError>(futures::poll!(call).is_ready())
    };
    let found = Explorer::new(Payments::default, deliver).always(|payments| payments.charges() < 2);
    let found = found.replay("1@complete1=kill-before").run();
    let steps = found.violation().unwrap().steps();
    assert_eq!(steps[1], "the leases ran out, and another process took over", "{found}");
}

/// The time that a killed delivery took is not taken back, though nobody asked what time it was.
#[test]
fn what_a_killed_delivery_took_has_passed() {
    let deliver = async |created: &Mutex<Vec<Timestamp>>| {
        // tidy: allow sleep: in virtual time
        tokio::time::sleep(Duration::from_secs(100)).await;
        tokio::task::yield_now().await;
        let call = current_runtime()?.call("explore.took").arg("id", &1);
        let outcome = call.run(async || Ok::<_, AppError>(1)).await?;
        lock(created).extend(outcome.call().created_at);
        Ok::<_, AppError>(())
    };
    let begin = Timestamp::from_micros(1_767_225_600_000_000);
    let took = |created: &Mutex<Vec<Timestamp>>| lock(created)[0].since(begin) >= Duration::from_secs(200);
    Explorer::new(Mutex::default, deliver).at_the_end(took).replay("1@await2=kill").run().assert_holds();
}

/// A late request arrives before the next delivery: here the body cancels its own key, and does not hear that it worked.
#[test]
fn a_late_request_arrives_before_the_next_delivery() {
    #[idempotent(name = "explore.cancels", key())]
    async fn cancels() -> Result<u32, AppError> {
        let key = idem::current().key().unwrap().clone();
        idem::task("explore.cancels")?.cancel(&key).await?;
        Ok(1)
    }
    let found = Explorer::new(|| (), async |()| cancels().await).replay("1@cancel1=late").run();
    found.assert_holds();
    assert_eq!(found.entries(), (1, 1), "{found}");
    let found = Explorer::new(|| (), async |()| cancels().await).replay("1@cancel1=lose-request").run();
    assert_eq!(found.entries(), (2, 2), "{found}");
}

/// What a body spawned is over before the invariants are asked.
#[test]
fn what_a_body_spawned_has_time_to_run() {
    #[idempotent(name = "explore.later", key())]
    async fn later(#[idem(skip)] ran: &Arc<AtomicBool>) -> Result<u32, AppError> {
        let ran = Arc::clone(ran);
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            ran.store(true, Ordering::SeqCst);
        });
        Ok(1)
    }
    let deliver = async |ran: &Arc<AtomicBool>| later(ran).await;
    let explorer = Explorer::new(Default::default, deliver).always(|ran| ran.load(Ordering::SeqCst));
    explorer.replay("none").run().assert_holds();
}
