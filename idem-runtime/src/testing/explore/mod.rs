//! The crash explorer: runs a handler through every fault at every point, and finds the smallest that breaks a promise.

mod clock;
mod delivery;
mod play;
mod process;
mod report;
mod schedule;
mod search;

use std::fmt;
use std::fmt::Display;
use std::time::Duration;

pub use self::report::{Exploration, Promise, Violation};
use self::schedule::Schedule;
use crate::runtime::RuntimeBuilder;

/// The environment variable that holds the seed of the one schedule to run.
const SEED_VARIABLE: &str = "IDEM_EXPLORE";

/// Two faults: what one does is mended by the retry, unless the retry is hit as well.
const DEFAULT_MAX_FAULTS: usize = 2;

/// Some seconds of a debug build.
const DEFAULT_MAX_SCHEDULES: usize = 20_000;

/// Longer than the lease of most tasks, and than what a handler waits for.
const DEFAULT_PATIENCE: Duration = Duration::from_secs(24 * 3_600);

/// What the runtime of each process is built with.
type Configure<'a> = dyn Fn(RuntimeBuilder) -> RuntimeBuilder + Send + 'a;

/// What must hold of the world.
type Invariant<'a, W> = Box<dyn Fn(&W) -> bool + Send + 'a>;

/// Whether a handler is safe under retries: [`Explorer::new`] with one invariant and the settings that it has by default.
///
/// TODO
pub fn explore<'a, W, S, D, T, E>(setup: S, deliver: D, invariant: impl Fn(&W) -> bool + Send + 'a) -> Exploration
where
    S: Fn() -> W + Send,
    D: AsyncFn(&W) -> Result<T, E> + Send,
    E: Display,
{
    Explorer::new(setup, deliver).always(invariant).run()
}

/// TODO
pub struct Explorer<'a, W, S, D> {
    setup: S,
    deliver: D,
    configure: Box<Configure<'a>>,
    always: Vec<Invariant<'a, W>>,
    at_the_end: Vec<Invariant<'a, W>>,
    patience: Duration,
    max_faults: usize,
    max_schedules: usize,
    seed: Option<String>,
}

impl<'a, W, S, D> Explorer<'a, W, S, D> {
    /// An explorer of `deliver`: one delivery of one message, in a world that `setup` makes anew for each schedule.
    pub fn new<T, E>(setup: S, deliver: D) -> Self
    where
        S: Fn() -> W + Send,
        D: AsyncFn(&W) -> Result<T, E> + Send,
        E: Display,
    {
        Self {
            setup,
            deliver,
            configure: Box::new(|builder| builder),
            always: Vec::new(),
            at_the_end: Vec::new(),
            patience: DEFAULT_PATIENCE,
            max_faults: DEFAULT_MAX_FAULTS,
            max_schedules: DEFAULT_MAX_SCHEDULES,
            seed: None,
        }
    }

    /// This must hold after each delivery, however it ended: "charged at most once". Asserts inside say more than `false`.
    pub fn always(mut self, invariant: impl Fn(&W) -> bool + Send + 'a) -> Self {
        self.always.push(Box::new(invariant));
        self
    }

    /// This must hold after the last delivery, to which nothing was done: "charged, and no lock left". Not where it was refused and the record says why.
    pub fn at_the_end(mut self, invariant: impl Fn(&W) -> bool + Send + 'a) -> Self {
        self.at_the_end.push(Box::new(invariant));
        self
    }

    /// What the runtime needs beside its stores, which the explorer gives it: a secret, categories, settings of tasks.
    pub fn runtime(mut self, configure: impl Fn(RuntimeBuilder) -> RuntimeBuilder + Send + 'a) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// How many things go wrong in one schedule, at most; default 2.
    pub fn max_faults(mut self, most: usize) -> Self {
        self.max_faults = most;
        self
    }

    /// How many schedules are run, at most; default 20,000. Where there are more, the exploration says that it was cut.
    pub fn max_schedules(mut self, most: usize) -> Self {
        self.max_schedules = most;
        self
    }

    /// How long a delivery may take, in virtual time; default a day. It hangs when it takes longer, or waits 100,000 times.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs only the schedule of this seed, which a failed exploration printed.
    pub fn replay(mut self, seed: impl Into<String>) -> Self {
        self.seed = Some(seed.into());
        self
    }

    /// Explores.
    ///
    /// # Panics
    /// With the panic of `setup`, and for a seed that is none.
    pub fn run<T, E>(self) -> Exploration
    where
        S: Fn() -> W + Send,
        D: AsyncFn(&W) -> Result<T, E> + Send,
        E: Display,
    {
        let seed = self.seed.clone().or_else(|| std::env::var(SEED_VARIABLE).ok());
        let schedule = seed.map(|seed| seed.parse::<Schedule>().unwrap_or_else(|wrong| panic!("{wrong}")));
        let explore = move || match schedule {
            Some(schedule) => search::replay(&self, &schedule),
            None => search::search(&self),
        };
        // A thread of its own: the caller's may be one of an async runtime, in which no other can run.
        let found = std::thread::scope(|scope| scope.spawn(explore).join());
        found.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl<W, S, D> fmt::Debug for Explorer<'_, W, S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explorer")
            .field("max_faults", &self.max_faults)
            .field("max_schedules", &self.max_schedules)
            .field("patience", &self.patience)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
