//! What an exploration found, in words.

use std::fmt;

use super::SEED_VARIABLE;
use super::delivery::Ending;
use super::schedule::{Harm, Mishap, Point, Side, name};

/// Which promise was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Promise {
    /// The invariant that must always hold.
    Invariant,
    /// What must hold in the end, after a delivery to which nothing was done.
    AtTheEnd,
    /// A delivery ends.
    Ends,
    /// A delivery to which nothing is done answers with a value, unless the record says why not: set aside, cancelled,
    /// failed for good, or a duplicate of a `strict` task.
    Answers,
    /// A body is not entered while another of its key has a lease that holds.
    OneBody,
    /// The same schedule goes the same way: the handler does the same each time.
    Repeatable,
    /// The exploration can start: the runtime can be built, and the seed is one.
    Starts,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invariant => "the invariant",
            Self::AtTheEnd => "what must hold at the end",
            Self::Ends => "every delivery ends",
            Self::Answers => "a delivery without a fault answers",
            Self::OneBody => "one body at a time",
            Self::Repeatable => "the same schedule goes the same way: no randomness, no thread, no clock of the machine in the handler or its world; and the handler is the one that the seed was printed for",
            Self::Starts => "the exploration can start: `.runtime(…)` gives the runtime what its tasks need",
        })
    }
}

/// A promise that was not kept, and the smallest schedule that shows it.
#[derive(Debug, Clone)]
pub struct Violation {
    pub(super) promise: Promise,
    pub(super) told: String,
    pub(super) steps: Vec<String>,
    pub(super) seed: String,
}

impl Violation {
    /// The promise.
    pub fn promise(&self) -> Promise {
        self.promise
    }

    /// What happened, one line a step.
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// The schedule as text; empty where the one given is none. For [`Explorer::replay`](super::Explorer::replay) and the environment variable `IDEM_EXPLORE`.
    pub fn seed(&self) -> &str {
        &self.seed
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "not kept: {}", self.promise)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step}"))?;
        writeln!(f, "  {}", self.told)?;
        if self.seed.is_empty() {
            return Ok(());
        }
        write!(f, "again: `{SEED_VARIABLE}={} cargo test <this test>`, or `.replay(\"{}\")`", self.seed, self.seed)
    }
}

/// What an [`Explorer`](super::Explorer) found. Displayed, it says how much was explored, and the violation step by step.
#[must_use = "it fails no test by itself: call `assert_holds`"]
#[derive(Debug, Clone)]
pub struct Exploration {
    pub(super) by_size: Vec<usize>,
    pub(super) awaits: usize,
    pub(super) operations: usize,
    pub(super) entries: Option<(usize, usize)>,
    pub(super) is_cut: bool,
    pub(super) replayed: Option<String>,
    pub(super) violation: Option<Violation>,
}

impl Exploration {
    pub(super) fn new() -> Self {
        Self {
            by_size: Vec::new(),
            awaits: 0,
            operations: 0,
            entries: None,
            is_cut: false,
            replayed: None,
            violation: None,
        }
    }

    /// Nothing was run.
    pub(super) fn not_started(told: String) -> Self {
        let (steps, seed) = (Vec::new(), String::new());
        Self { violation: Some(Violation { promise: Promise::Starts, told, steps, seed }), ..Self::new() }
    }

    /// The first promise that was found broken; the exploration ended there.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Whether every schedule of at most so many faults was run.
    pub fn is_complete(&self) -> bool {
        !self.is_cut && self.replayed.is_none() && self.violation.is_none()
    }

    /// How many schedules were run.
    pub fn schedules(&self) -> usize {
        self.by_size.iter().sum()
    }

    /// How many schedules of so many faults were run.
    pub fn schedules_of(&self, faults: usize) -> usize {
        self.by_size.get(faults).copied().unwrap_or(0)
    }

    /// How often the first delivery waits where nothing goes wrong: where it can be dropped or killed.
    pub fn awaits(&self) -> usize {
        self.awaits
    }

    /// How often the first delivery asks the store where nothing goes wrong.
    pub fn operations(&self) -> usize {
        self.operations
    }

    /// How often the body of one key was entered in a schedule, at least and at most; of several keys, of the one with the most.
    pub fn entries(&self) -> (usize, usize) {
        self.entries.unwrap_or_default()
    }

    /// For tests: everything was explored, and everything holds. A replay has only its own schedule to explore.
    ///
    /// # Panics
    /// Where a promise was not kept, with the smallest schedule that shows it; where `max_schedules` ended the exploration.
    #[track_caller]
    pub fn assert_holds(&self) {
        assert!(self.violation.is_none() && !self.is_cut, "{self}");
    }
}

impl fmt::Display for Exploration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(violation) = &self.violation {
            writeln!(f, "{violation}")?;
        }
        let by_size = self.by_size.iter().enumerate().map(|(size, run)| match size {
            0 => format!("{run} without a fault"),
            1 => format!("{run} with one"),
            _ => format!("{run} with {size}"),
        });
        let by_size: Vec<_> = by_size.collect();
        let end = match (&self.violation, &self.replayed) {
            (_, Some(seed)) => format!(": the replay of {seed}"),
            (Some(_), None) => ", up to the first that fails".to_owned(),
            (None, None) if self.is_cut => {
                ", where `max_schedules` ended it: raise it, or lower `max_faults`".to_owned()
            }
            (None, None) => ", which are all".to_owned(),
        };
        writeln!(f, "schedules run: {} ({}){end}", self.schedules(), by_size.join(", "))?;
        let (least, most) = self.entries();
        write!(
            f,
            "the first delivery waits {} times and asks the store {} times; a body was entered {least} to {most} times",
            self.awaits, self.operations
        )
    }
}

/// What was done to a delivery.
pub(super) fn harmed(mishap: &Mishap, ending: &Ending) -> String {
    let Mishap { delivery, point, harm } = mishap;
    let inside = match ending {
        Ending::Cut { inside: Some(task), .. } | Ending::Paused { inside: Some(task) } => {
            format!(", in the body of `{task}`")
        }
        Ending::Cut { inside: None, .. } | Ending::Paused { inside: None } => ", outside of any body".to_owned(),
        _ => String::new(),
    };
    let at = match point {
        Point::Await(number) => format!("the {} time it waited", ordinal(*number)),
        Point::Operation(op, number) => format!("the {} `{}`", ordinal(*number), name(*op)),
    };
    match harm {
        Harm::LoseRequest => format!("delivery {delivery}: the request of {at} was lost"),
        Harm::LoseReply => format!("delivery {delivery}: the reply of {at} was lost"),
        Harm::Late => format!("delivery {delivery}: the request of {at} was late, until the delivery was over"),
        Harm::Away => format!("delivery {delivery}: from {at} on the store was away, until the leases were over"),
        Harm::Kill(side) => format!("delivery {delivery}: killed {}{at}{}{inside}", before(*side), after(*side)),
        Harm::Drop(side) => format!("delivery {delivery}: dropped {}{at}{}{inside}", before(*side), after(*side)),
        Harm::Pause(side) => {
            format!(
                "delivery {delivery}: paused {}{at}{}{inside}, for longer than its lease",
                before(*side),
                after(*side)
            )
        }
    }
}

fn before(side: Side) -> &'static str {
    match side {
        Side::Here => "",
        Side::Before => "before ",
        Side::After => "after ",
    }
}

fn after(side: Side) -> &'static str {
    match side {
        Side::Here => "",
        Side::Before => " reached the store",
        Side::After => " was applied, before its reply came",
    }
}

/// How a delivery ended, unless what was done to it says so.
pub(super) fn delivery_ended(number: usize, ending: &Ending) -> Option<String> {
    match ending {
        Ending::Answered => Some(format!("delivery {number}: answered")),
        Ending::Refused(error) => Some(format!("delivery {number}: answered an error: {error}")),
        Ending::Cut { is_killed: true, .. } => Some("the leases ran out, and another process took over".to_owned()),
        Ending::Cut { is_killed: false, .. } | Ending::Paused { .. } | Ending::Hung(_) => None,
    }
}

/// How a delivery ended that was paused.
pub(super) fn went_on(number: usize, ending: &Ending) -> String {
    let ended = match ending {
        Ending::Refused(error) => format!("answered an error: {error}"),
        Ending::Hung(how) => format!("hangs: {how}"),
        Ending::Answered | Ending::Cut { .. } | Ending::Paused { .. } => "answered".to_owned(),
    };
    format!("delivery {number} goes on, and {ended}")
}

fn ordinal(number: u64) -> String {
    let teen = (11..=13).contains(&(number % 100));
    let end = match number % 10 {
        1 if !teen => "st",
        2 if !teen => "nd",
        3 if !teen => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}
