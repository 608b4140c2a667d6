//! What is in force for a task: its attribute, settled by the runtime's configuration.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use crate::key::{Bucket, Key, TaskIdent, TimeLabel, Unit};
use crate::policy::{OnError, OnInProgress, OnStale, OnStoreError, Retention, spelled};
use crate::task::Template;

/// A claim that no heartbeat renews is taken over after this (api: `lease`).
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);

/// Shorter leases than this would be lost to ordinary scheduling delays.
pub const SHORTEST_LEASE: Duration = Duration::from_millis(50);

/// A longer lease is a mistake: nobody would take over from an owner that is gone.
pub const LONGEST_LEASE: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Results up to this many bytes are kept (api: `max_result`).
pub const DEFAULT_MAX_RESULT: u64 = 1024 * 1024;

/// Everything the pipeline needs to know about a task.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) ident: TaskIdent,
    pub(crate) template: Option<Template>,
    pub(crate) bucket: Option<TimeBucket>,
    /// The category, where one is named.
    pub(crate) category: Option<Arc<str>>,
    pub(crate) retention: Retention,
    /// Nobody said how long: neither a `ttl`, nor a category, nor a bucket.
    pub(crate) kept_by_default: bool,
    pub(crate) lease: Duration,
    pub(crate) strict: bool,
    pub(crate) on_in_progress: OnInProgress,
    pub(crate) wait: Option<Duration>,
    pub(crate) on_store_error: OnStoreError,
    pub(crate) on_stale: OnStale,
    pub(crate) on_error: OnError,
    pub(crate) max_attempts: Option<u32>,
    /// A delivery older than this is refused.
    pub(crate) expires_after: Option<Duration>,
    /// A body that runs longer is dropped.
    pub(crate) max_runtime: Option<Duration>,
    pub(crate) max_result: u64,
    /// How far the task is protected by now.
    pub(crate) enforced: Enforced,
    /// The named store, and none for the default one.
    pub(crate) store: Option<Arc<str>>,
}

/// How far a task is protected while it is being introduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Enforced {
    /// Every call.
    #[default]
    Always,
    /// No call: what would have been refused or answered is reported, and runs.
    Shadow,
    /// So many percent of its keys; calls of the others run as if they had no attribute.
    Share(u8),
}

impl Enforced {
    /// Whether a key is one of those that are protected: by its digest, so that every process says the same, and a larger
    /// share has all of the smaller one.
    pub(crate) fn takes(self, key: &Key) -> bool {
        let Self::Share(percent) = self else { return true };
        let (first, _) = key.digest().split_at(8);
        first.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % 100) < u32::from(percent)
    }
}

/// What of a call's time joins its key.
#[derive(Debug, Clone)]
pub(crate) enum TimeBucket {
    Calendar(Bucket),
    /// So many milliseconds.
    Window(NonZeroU64),
}

impl TimeBucket {
    /// The bucket that an instant lies in.
    pub(crate) fn label(&self, at: jiff::Timestamp) -> TimeLabel {
        match self {
            Self::Calendar(bucket) => bucket.label(at),
            Self::Window(ms) => TimeLabel::window(*ms, at),
        }
    }

    /// The longest that one lasts: with daylight saving, and months of 31 days.
    pub(crate) fn length(&self) -> Duration {
        match self {
            Self::Calendar(bucket) => unit_length(bucket.unit()),
            Self::Window(ms) => Duration::from_millis(ms.get()),
        }
    }

    /// The calendar unit and its zone.
    pub(crate) fn calendar(&self) -> Option<(Unit, &str)> {
        match self {
            Self::Calendar(bucket) => Some((bucket.unit(), bucket.zone())),
            Self::Window(_) => None,
        }
    }

    pub(crate) fn window(&self) -> Option<Duration> {
        matches!(self, Self::Window(_)).then(|| self.length())
    }
}

/// As the audit shows it.
impl fmt::Display for TimeBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calendar(bucket) => write!(f, "{} ({})", bucket.unit().name(), bucket.zone()),
            Self::Window(_) => write!(f, "window of {}", spelled(self.length())),
        }
    }
}

pub(crate) fn unit_length(unit: Unit) -> Duration {
    const HOUR: u64 = 3_600;
    Duration::from_secs(match unit {
        Unit::Hour => HOUR,
        Unit::Date => 24 * HOUR,
        Unit::Week => 7 * 24 * HOUR,
        Unit::Month => 31 * 24 * HOUR,
    })
}

/// The category of tasks that name none.
pub(crate) const DEFAULT_CATEGORY: &str = "default";

/// How long completed records of a category are kept, unless the runtime says otherwise.
pub(crate) const CATEGORIES: [(&str, Duration); 6] = [
    (DEFAULT_CATEGORY, Duration::from_secs(3_600)),
    ("critical", Duration::from_secs(4 * 3_600)),
    ("report", Duration::from_secs(24 * 3_600)),
    ("email", Duration::from_secs(2 * 3_600)),
    ("mutation", Duration::from_secs(6 * 3_600)),
    ("maintenance", Duration::from_secs(12 * 3_600)),
];
