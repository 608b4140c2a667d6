//! The in-process parts under a scheduler that decides who goes on: at each lock, atomic, notification, timer and await. It is
//! the real code, on the primitives of `sync::controlled`. `cargo xtask interleavings` runs these.
//!
//! Time passes where nobody can go on without, as on a machine that is never late, and where a test lets it pass. Atomics
//! are taken as sequentially consistent, whatever order they are asked for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

mod calls;
mod remote;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shuttle::scheduler::{
    DfsScheduler, PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId,
    UncontrolledNondeterminismCheckScheduler,
};
use shuttle::{Config, MaxSteps, Runner};

pub(crate) use self::remote::Remote;
use crate::claim::{ClaimRequest, ClaimVerdict, Claimed};
use crate::clock::{Clock, Timestamp};
use crate::key::{Key, KeySpace, KeyWriter, TaskIdent};
use crate::policy::{OnStale, Retention};
use crate::record::Owner;
use crate::store::Store;
use crate::sync::controlled::time;

/// How many schedules of a test are tried by each scheduler that tries some of them.
const SCHEDULES: &str = "IDEM_INTERLEAVINGS";
const USUAL: usize = 200;

const SEED: u64 = 20_261_130;

/// So many times a task with precedence is overtaken, of the scheduler that gives each a precedence.
const DEPTHS: [usize; 2] = [2, 4];

/// One that takes more goes round for ever.
const LONGEST: usize = 100_000;

/// One schedule at a time: the statics of the code under test belong to it.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The task in which time passes: the first that a schedule spawns.
const HAND: usize = 1;

/// Runs `test` under schedules by chance, the same every time, most of them by precedence.
pub(crate) fn some_schedules<F: Future<Output = ()> + 'static>(test: fn() -> F) {
    let schedules = std::env::var(SCHEDULES).ok().map_or(USUAL, |number| number.parse().expect("a number"));
    let seed = SEED;
    let few = RandomScheduler::new_from_seed(seed, 10);
    run(UncontrolledNondeterminismCheckScheduler::new(Patient(few)), test);
    run(Patient(RandomScheduler::new_from_seed(seed, schedules)), test);
    for depth in DEPTHS {
        run(Patient(PctScheduler::new_from_seed(seed, depth, schedules)), test);
    }
}

/// Runs `test` under every schedule that there is, which are at most `most`.
pub(crate) fn all_schedules<F: Future<Output = ()> + 'static>(most: usize, test: fn() -> F) {
    let number = run(Patient(DfsScheduler::new(Some(most), false)), test);
    assert!(number < most, "there are more schedules than {most}");
    println!("all {number} schedules");
}

/// How many schedules there were.
fn run<F: Future<Output = ()> + 'static>(scheduler: impl Scheduler + 'static, test: fn() -> F) -> usize {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut config = Config::new();
    config.stack_size = 1 << 20;
    config.max_steps = MaxSteps::FailAfter(LONGEST);
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(move || {
        time::begin();
        drop(shuttle::future::spawn(time::passes()));
        shuttle::future::block_on(test());
    })
}

/// Time passes only when nobody else can go on.
#[derive(Debug)]
struct Patient<S>(S);

impl<S: Scheduler> Scheduler for Patient<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.0.new_execution()
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, yields: bool) -> Option<TaskId> {
        let others: Vec<_> = runnable.iter().copied().filter(|task| usize::from(task.id()) != HAND).collect();
        self.0.next_task(if others.is_empty() { runnable } else { &others }, current, yields)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// The clock of a schedule.
#[derive(Debug)]
struct Passed;

impl Clock for Passed {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_767_225_600_000_000) + time::passed()
    }

    fn uptime(&self) -> Duration {
        time::passed()
    }
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(Passed)
}

/// The time of a schedule passes, and no other.
pub(crate) async fn after(pause: Duration) {
    time::sleep(pause).await; // tidy: allow sleep: it takes no time
}

/// The machine stops for so long, wherever everybody is.
pub(crate) fn paused(pause: Duration) {
    time::advance(pause);
}

pub(crate) fn key(number: u64) -> Key {
    let mut writer = KeyWriter::new();
    writer.arg("number", &number).unwrap();
    writer.finish(&KeySpace::new("shop"), &TaskIdent::new("shop.order", NonZeroU32::MIN)).unwrap()
}

pub(crate) fn claim(number: u64, lease: Duration) -> Arc<ClaimRequest> {
    let mut owner = [0; 16];
    owner[0] = u8::try_from(number).unwrap();
    owner[1] = 1;
    Arc::new(ClaimRequest {
        key: key(number),
        owner: Owner::from_bytes(owner),
        lease,
        fingerprint: None,
        holder: Arc::default(),
        on_stale: OnStale::Rerun,
        max_attempts: None,
        grace: Retention::Forever,
    })
}

pub(crate) async fn granted(store: &dyn Store, claim: &ClaimRequest) -> Claimed {
    match store.claim(claim).await.unwrap() {
        ClaimVerdict::Claimed(claimed) => claimed,
        other => panic!("not granted: {other:?}"),
    }
}

/// Spawns tasks and waits for all of them.
pub(crate) async fn together<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().map(shuttle::future::spawn).collect();
    let mut ended = Vec::new();
    for task in tasks {
        ended.push(task.await.unwrap());
    }
    ended
}
