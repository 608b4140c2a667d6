//! The one error of a call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::key::{Key, KeyError};
use crate::policy::spelled;
use crate::record::Record;
use crate::store::StoreError;

/// Why a call of a task did not answer with its value.
///
/// Every message names the task, and the key where there is one; none shows an argument's value.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No runtime is installed, and none was entered; the body was not entered.
    #[error(
        "task `{task}` has no runtime: call `Runtime::builder()…build()?.install()?` at start-up, or run it inside `runtime.enter(…)` (a spawned task does not inherit that: spawn `runtime.enter(…)` itself)"
    )]
    NoRuntime {
        /// The task.
        task: String,
    },
    /// A runtime is installed for the process already.
    #[error("a runtime is installed already: install one, once; use `runtime.enter(…)` for another, as tests do")]
    AlreadyInstalled,
    /// No task of that name is registered in this process.
    #[error("no task named `{name}` is registered{}", did_you_mean(.suggestion))]
    UnknownTask {
        /// The name asked for.
        name: String,
        /// A registered name that is close to it.
        suggestion: Option<String>,
    },
    /// One name and version stands on two handlers.
    #[error(
        "task `{name}` version {version} stands on two handlers, at {first} and {second}: give one of them another `name`, or another `version`"
    )]
    Conflict {
        /// The name.
        name: String,
        /// The version.
        version: u32,
        /// file:line of the one.
        first: String,
        /// file:line of the other.
        second: String,
    },
    /// The key cannot be made from these arguments; the body was not entered.
    #[error("task `{task}` has no key: {source}")]
    Key {
        /// The task.
        task: String,
        /// The refusal.
        source: KeyError,
    },
    /// The task declares a scope, and the call has none; the body was not entered.
    #[error(
        "task `{task}` is scoped by `{scope}`, and this call has none: neither an argument of that name with a value, nor a delivery with `.scope(\"{scope}\", …)`"
    )]
    ScopeMissing {
        /// The task.
        task: String,
        /// The scope's name.
        scope: String,
    },
    /// Another call of the key is running; the body was not entered.
    #[error("{at} is running elsewhere; try again in {}", spelled(*.retry_after))]
    InProgress {
        /// Which call.
        at: At,
        /// When it is worth asking again.
        retry_after: Duration,
    },
    /// The key completed before, and the task is `strict`; the body was not entered.
    #[error("{at} completed before{}", completed_at(.record))]
    Duplicate {
        /// Which call.
        at: At,
        /// The completed record.
        record: Arc<Record>,
    },
    /// The key is known with other arguments; the body was not entered.
    #[error("{at} is known with other arguments; they differ in: {}", .arguments.join(", "))]
    Mismatch {
        /// Which call.
        at: At,
        /// The names of the arguments that differ.
        arguments: Vec<String>,
    },
    /// The key failed before, and the failure is remembered; the body was not entered.
    #[error("{at} failed before (attempt {attempt}, at {failed_at}): {message}")]
    PriorFailure {
        /// Which call.
        at: At,
        /// The message of the failure.
        message: String,
        /// Which attempt failed.
        attempt: u32,
        /// When it failed, by the store's clock.
        failed_at: Timestamp,
        /// Until when the failure is remembered, by the store's clock.
        retry_at: Option<Timestamp>,
    },
    /// Earlier attempts are set aside, and an operator decides: whether their effect took place is not known, or as many
    /// as the task allows have failed. The body was not entered.
    #[error("{at} is set aside: {message}; resolve it with `runtime.resolve(key, …)`")]
    OutcomeUnknown {
        /// Which call.
        at: At,
        /// What happened.
        message: String,
    },
    /// The key was cancelled. Where `effect` is false the body was not entered; where it is true it was cancelled while the
    /// body ran, whose effect may have taken place.
    #[error("{at} was cancelled{}", while_running(*.effect))]
    Cancelled {
        /// Which call.
        at: At,
        /// Whether the body was entered.
        effect: bool,
    },
    /// The delivery is older than the task's `expires_after` allows; the body was not entered.
    #[error(
        "{at} came too late: it was sent {} ago, and is refused after {}",
        spelled(*.age),
        spelled(*.limit)
    )]
    Expired {
        /// Which call.
        at: At,
        /// How long ago it was sent.
        age: Duration,
        /// The task's `expires_after`.
        limit: Duration,
    },
    /// The body ran longer than the task's `max_runtime` allows, and was dropped at an await: its effect may have taken
    /// place.
    #[error(
        "{at} ran longer than {} and was stopped: its effect may have taken place; `on_stale` says what a later delivery does",
        spelled(*.limit)
    )]
    MaxRuntime {
        /// Which call.
        at: At,
        /// The task's `max_runtime`.
        limit: Duration,
    },
    /// The claim went to another owner, or its lease ran out unanswered. The body was entered and dropped at an await:
    /// its effect may have taken place.
    #[error("{at} lost its lease while the body ran: its effect may have taken place; a later delivery decides")]
    LeaseLost {
        /// Which call.
        at: At,
    },
    /// The runtime is shutting down ([`Runtime::shutdown`](crate::Runtime::shutdown)); the body was not entered.
    #[error(
        "{at} was not begun: this process is shutting down; give the message back to its queue, to be delivered again"
    )]
    ShutDown {
        /// Which call.
        at: At,
    },
    /// The call waits for itself: it is running, further up in its own callers.
    #[error("{at} calls itself with its own key, directly or through another task: it would wait for itself")]
    Reentrant {
        /// Which call.
        at: At,
    },
    /// The store could not be asked. Where `effect` is false the body was not entered; where it is true the body ran and
    /// its result could not be recorded.
    #[error("{at}: {source}{}", after_effect(*.effect))]
    StoreUnavailable {
        /// Which call.
        at: At,
        /// What the store said.
        source: StoreError,
        /// Whether the body ran.
        effect: bool,
    },
    /// The record cannot be used: corrupt, of a newer format, or in a schema that is not ours. The body was not entered.
    #[error("{at}: {source}")]
    Store {
        /// Which call.
        at: At,
        /// What the store said.
        source: StoreError,
    },
    /// The body of a transactional task committed or rolled back the caller's transaction itself. What it committed stays,
    /// and is recorded or not as it happened to be: it is not in the caller's hands any more.
    #[error(
        "{at}: the body ended the caller's transaction: leave commit and rollback to the caller, which holds claim, effect and result together"
    )]
    TransactionEnded {
        /// Which call.
        at: At,
    },
    /// The call completed before, and its result was not kept; the body was not entered.
    #[error("{at} completed before, and its result was not kept: {reason}")]
    ResultUnavailable {
        /// Which call.
        at: At,
        /// Why.
        reason: String,
    },
    /// The kept result is not of this task's type, or this result cannot be kept as it is.
    #[error(
        "{at}: the result does not fit its type ({reason}): raise the task's `version` when its result type changes"
    )]
    ResultType {
        /// Which call.
        at: At,
        /// What did not fit; no part of the value.
        reason: String,
    },
    /// The steps of the body are not those of an earlier attempt, or do not have names of their own.
    #[error("{at} cannot go on: {reason}")]
    StepsChanged {
        /// Which call.
        at: At,
        /// What does not fit, and how to mend it.
        reason: String,
    },
    /// The settings contradict each other or cannot be used.
    #[error("{0}")]
    Config(String),
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn completed_at(record: &Record) -> String {
    record.completed_at.map_or_else(String::new, |at| format!(", at {at}"))
}

fn after_effect(effect: bool) -> &'static str {
    if effect { "; the body ran and its effect took place, its result could not be recorded" } else { "" }
}

fn while_running(effect: bool) -> &'static str {
    if effect { " while the body ran: its effect may have taken place" } else { "" }
}

/// Which call an error is about.
#[derive(Debug, Clone)]
pub struct At(Arc<Key>);

impl At {
    /// The call of this key.
    pub fn new(key: &Key) -> Self {
        Self(Arc::new(key.clone()))
    }

    /// The task's name.
    pub fn task(&self) -> &str {
        self.0.task()
    }

    /// The key.
    pub fn key(&self) -> &Key {
        &self.0
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task `{}` (key {})", self.task(), self.0)
    }
}

impl Error {
    /// What a store said, as the error of a call whose body was not entered.
    pub(crate) fn store(key: &Key, source: StoreError) -> Self {
        let at = At::new(key);
        if source.is_unavailable() {
            Self::StoreUnavailable { at, source, effect: false }
        } else {
            Self::Store { at, source }
        }
    }

    /// A key's refusal, as the error of a call.
    pub(crate) fn key(task: &str, refusal: KeyError) -> Self {
        match refusal {
            KeyError::ScopeMissing { kind } => Self::ScopeMissing { task: task.to_owned(), scope: kind.into() },
            source => Self::Key { task: task.to_owned(), source },
        }
    }

    /// Whether the call had completed before.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Duplicate { .. } | Self::ResultUnavailable { .. })
    }

    /// Whether the call is running elsewhere.
    pub fn is_in_progress(&self) -> bool {
        matches!(self, Self::InProgress { .. })
    }

    /// Whether delivering the same message again later may succeed. After [`Error::LeaseLost`], [`Error::MaxRuntime`] and
    /// [`Error::StoreUnavailable`] with `effect`, the body may run again although its effect took place.
    pub fn is_retryable(&self) -> bool {
        use Error::{InProgress, LeaseLost, MaxRuntime, PriorFailure, ShutDown, StoreUnavailable};
        matches!(
            self,
            InProgress { .. }
                | LeaseLost { .. }
                | MaxRuntime { .. }
                | PriorFailure { .. }
                | ShutDown { .. }
                | StoreUnavailable { .. }
        )
    }

    /// When it is worth trying again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::InProgress { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}
