//! What the audit found, with a stable code for each kind.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::policy::{Retention, spelled};
use crate::store::Setting;
use crate::task::Task;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The application is not covered as it expects: `require_full` refuses it.
    Error,
    /// The promise is weaker than it looks.
    Warning,
    /// Good to know.
    Note,
}

/// One finding. The codes are stable: a check may rely on them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// Its code, such as `IDEM001`; the audit's spec lists them.
    pub code: &'static str,
    /// The task or the store that it is about.
    pub about: String,
    /// Where its handler stands, `file:line`.
    pub location: Option<String>,
    /// What was found, and what to do about it.
    pub message: String,
}

impl Finding {
    fn of_task(level: Level, code: &'static str, task: &Task, message: impl Into<String>) -> Self {
        let (about, location) = (task.name().to_owned(), Some(task.location()));
        Self { level, code, about, location, message: message.into() }
    }

    fn of_store(level: Level, code: &'static str, store: &str, message: String) -> Self {
        Self { level, code, about: format!("store {store}"), location: None, message }
    }

    pub(super) fn unknown(name: &str, close: Option<String>) -> Self {
        let hint = close.map_or_else(String::new, |close| format!("; did you mean `{close}`?"));
        let message = format!("is expected, and nothing registered it{hint}");
        Self { level: Level::Error, code: "IDEM001", about: name.to_owned(), location: None, message }
    }

    pub(super) fn not_listed(task: &Task) -> Self {
        Self::of_task(Level::Error, "IDEM002", task, "is registered and not listed in `tasks![…]`: list it")
    }

    pub(super) fn listed_twice(task: &Task) -> Self {
        Self::of_task(Level::Warning, "IDEM003", task, "is listed twice in `tasks![…]`")
    }

    pub(super) fn default_name(task: &Task) -> Self {
        let message = format!(
            "has its name from its path: renaming or moving the function changes every key; write `name = \"{}\"` to keep them",
            task.name()
        );
        Self::of_task(Level::Warning, "IDEM004", task, message)
    }

    pub(super) fn strict_but_open(task: &Task) -> Self {
        let message = "is strict and runs unprotected while the store is away: leave out `on_store_error = \"run\"`";
        Self::of_task(Level::Warning, "IDEM005", task, message)
    }

    pub(super) fn dated(task: &Task) -> Self {
        let message = "has a time in its key: give deliveries `scheduled_for` or `enqueued_at`, else a retry in the next day, hour or window is new work";
        Self::of_task(Level::Note, "IDEM006", task, message)
    }

    pub(super) fn expires(task: &Task) -> Self {
        let message =
            "refuses old deliveries by `expires_after`: give deliveries `enqueued_at`, else none is ever too old";
        Self::of_task(Level::Note, "IDEM012", task, message)
    }

    pub(super) fn asked_but_open(task: &Task) -> Self {
        let message = "never runs abandoned work again unasked, and runs unprotected while the store is away, where nobody knows of any: leave out `on_store_error = \"run\"`";
        Self::of_task(Level::Warning, "IDEM013", task, message)
    }

    pub(super) fn forgets_before_it_expires(task: &Task, kept: Retention, limit: Duration) -> Self {
        let limit = spelled(limit);
        let message = format!(
            "takes deliveries that are up to {limit} old, and keeps results for {kept}: one that comes again in between runs again; write a `ttl` of {limit} or more"
        );
        Self::of_task(Level::Warning, "IDEM014", task, message)
    }

    pub(super) fn scoped_by_delivery(task: &Task) -> Self {
        Self::of_task(Level::Note, "IDEM007", task, "takes its scope from the delivery: a call without one is refused")
    }

    pub(super) fn kept_by_default(task: &Task, kept: Retention) -> Self {
        let message = format!(
            "says nowhere how long its records are kept, so it is the default {kept}: a delivery that comes later runs again; write `ttl = \"24h\"`, or the `category` it is of"
        );
        Self::of_task(Level::Note, "IDEM010", task, message)
    }

    pub(super) fn no_transactions(task: &Task, store: &str) -> Self {
        let message = format!(
            "is transactional, and its store `{store}` has no transactions on connections of its kind: every call is refused; give the runtime the store of the caller's database"
        );
        Self::of_task(Level::Error, "IDEM011", task, message)
    }

    pub(super) fn store_setting(store: &str, setting: &Setting, harm: &str) -> Self {
        let message = format!("has {} = {}: {harm}", setting.name, setting.value);
        Self::of_store(Level::Error, "IDEM008", store, message)
    }

    pub(super) fn store_in_process(store: &str) -> Self {
        let message = "keeps its records in this process: they end with it, and other processes do not see them".into();
        Self::of_store(Level::Warning, "IDEM009", store, message)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        write!(f, "{level} {}: {} {}", self.code, self.about, self.message)?;
        self.location.as_ref().map_or(Ok(()), |location| write!(f, " ({location})"))
    }
}
