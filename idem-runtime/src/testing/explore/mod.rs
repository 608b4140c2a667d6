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
use crate::error::Error;
use crate::runtime::{Runtime, RuntimeBuilder};

/// The environment variable that holds the seed of the one schedule to run.
const SEED_VARIABLE: &str = "IDEM_EXPLORE";

/// Two faults: what one does is mended by the retry, unless the retry is hit as well.
const DEFAULT_MAX_FAULTS: usize = 2;

/// About ten seconds of a debug build.
const DEFAULT_MAX_SCHEDULES: usize = 10_000;

/// Longer than the lease of most tasks, and than what a handler waits for.
const DEFAULT_PATIENCE: Duration = Duration::from_secs(24 * 3_600);

/// What the runtime of each process is built with.
type Configure<'a> = dyn Fn(RuntimeBuilder) -> RuntimeBuilder + Send + 'a;

/// What must hold of the world.
type Invariant<'a, W> = Box<dyn Fn(&W) -> bool + Send + 'a>;

/// Whether a handler is safe under retries: an [`Explorer`] with one invariant and the settings that it has by default.
///
/// ```
/// # use idem_runtime as idem;
/// use idem::testing::{current_runtime, explore};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// // The world: made anew for each schedule. Here the mails that were sent.
/// let setup = AtomicU32::default;
/// // One delivery. A handler with an attribute is called as ever: `send(mails, 7).await`.
/// let deliver = async |mails: &AtomicU32| {
///     let send = current_runtime()?.call("mail.send").arg("user", &7);
///     send.run(async || Ok::<_, idem::Error>(mails.fetch_add(1, Ordering::SeqCst))).await
/// };
/// let found = explore(setup, deliver, |mails| mails.load(Ordering::SeqCst) <= 1);
///
/// // The effect took place, and the process was killed before that was recorded: the retry sends a second mail.
/// let violation = found.violation().expect("nothing tells the mail of a retry from a new one");
/// assert_eq!(violation.seed(), "1@complete1=kill-before");
/// ```
///
/// # Panics
/// As [`Explorer::run`]. What it finds it returns: [`Exploration::assert_holds`] is for tests.
pub fn explore<'a, W, S, D, T, E>(setup: S, deliver: D, invariant: impl Fn(&W) -> bool + Send + 'a) -> Exploration
where
    S: Fn() -> W + Send,
    D: AsyncFn(&W) -> Result<T, E> + Send,
    E: Display,
{
    Explorer::new(setup, deliver).always(invariant).run()
}

/// Runs a handler through everything that can go wrong in it, and looks for the smallest thing that breaks a promise.
///
/// A **schedule** says what goes wrong where. In each, the same message is delivered, twice at least, to a runtime on an
/// empty memory store and in a new world, until a delivery to which nothing is done. Tried are the schedule without a
/// fault, then all with one, then all with two, so that the first that fails is the smallest:
///
/// | where | what |
/// |---|---|
/// | each time that the delivery waits | its process is killed; its future is dropped; its process is paused |
/// | each time that it asks the store | the request is lost, the reply is lost, the request comes late; killed, dropped or paused before the request arrives, or after it was applied; from then on the store is away |
///
/// After each delivery time passes until no lease holds, and late requests arrive. After a kill another process goes on.
/// While one is paused another has the next delivery; then it goes on where it was stopped, with a step that it was about to
/// make: a write that nothing but its fence keeps from coming last.
///
/// Checked are [`always`](Self::always), [`at_the_end`](Self::at_the_end), and what [`Promise`] lists beside them.
///
/// # The world
/// What outlives a process: the tables, the provider, the mailbox. It is made outside of any async runtime, once a schedule.
/// A fake that answers at once hides what lies between two effects: let it wait before and after its effect, as a network
/// does (`tokio::task::yield_now().await`). A killed delivery runs no destructor, so what the world lent it (the guard of an
/// async mutex, a pooled connection) stays lent, and its memory is lost, some ten kilobytes. Tasks that it spawned are dropped.
///
/// # Time and chance
/// Everything happens in one thread on virtual time, tokio's as well: sleeping a day takes none. So there is no network and
/// no file to wait for, and what the handler does must not depend on chance (`tokio::select!` without `biased`), on threads
/// or on the machine's clock: where the same schedule does not go the same way, that is reported. A body that blocks its
/// thread for ever cannot be stopped.
///
/// # Transactions
/// A handler with `transaction = tx` is explored on a [`Database`](super::Database) of the world, whose transactions the records
/// are a part of. One on a connection of sqlx's is refused: its server has no virtual time, and its locks outlive a kill that is
/// none.
///
/// # What is not explored
/// Deliveries at the same time: but for what is paused, a delivery ends before the next begins.
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

    /// This must hold after the last delivery, to which nothing was done: "charged, and no lock left". It is not asked where
    /// that delivery was refused because work was parked, cancelled or failed for good: nothing promises its effect then.
    pub fn at_the_end(mut self, invariant: impl Fn(&W) -> bool + Send + 'a) -> Self {
        self.at_the_end.push(Box::new(invariant));
        self
    }

    /// What the runtime needs beside stores and clock, which are the explorer's: categories, settings of tasks, a namespace.
    pub fn runtime(mut self, configure: impl Fn(RuntimeBuilder) -> RuntimeBuilder + Send + 'a) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// How many things go wrong in one schedule, at most; default 2.
    pub fn max_faults(mut self, most: usize) -> Self {
        self.max_faults = most;
        self
    }

    /// How many schedules are run, at most; default 10,000. Where there are more, the exploration says that it was cut, and
    /// [`Exploration::assert_holds`] panics: [`Exploration::violation`] asks whether what was run holds.
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

    /// Explores. Where the environment variable `IDEM_EXPLORE` has a seed, and [`replay`](Self::replay) gave none, its
    /// schedule alone is run.
    ///
    /// # Panics
    /// With the panic of `setup`.
    pub fn run<T, E>(self) -> Exploration
    where
        S: Fn() -> W + Send,
        D: AsyncFn(&W) -> Result<T, E> + Send,
        E: Display,
    {
        let seed = self.seed.clone().or_else(|| std::env::var(SEED_VARIABLE).ok().filter(|seed| !seed.is_empty()));
        let explore = move || match seed.as_deref().map(str::parse::<Schedule>) {
            Some(Ok(schedule)) => search::replay(&self, &schedule),
            Some(Err(wrong)) => Exploration::not_started(wrong),
            None => search::search(&self),
        };
        // A thread of its own: the caller's may be one of an async runtime, in which no other can run.
        let found = std::thread::scope(|scope| scope.spawn(explore).join());
        found.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// The runtime in force: inside an explored delivery, the explorer's. For [calls by hand](Runtime::call); handlers with an
/// attribute find it themselves.
///
/// # Errors
/// [`Error::NoRuntime`] where none was entered and none is installed.
pub fn current_runtime() -> Result<Runtime, Error> {
    Runtime::current("of a call by hand")
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
