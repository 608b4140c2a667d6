//! What a call answers.

use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::Record;

/// What a call answered, and how it came to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome<T> {
    /// The body ran in this call.
    Fresh {
        /// What the body answered.
        value: T,
        /// Which call.
        call: CallInfo,
    },
    /// The body ran before; this is the kept result.
    Replayed {
        /// What the body answered then.
        value: T,
        /// Which call it was.
        call: CallInfo,
    },
    /// The body is running elsewhere, and the task skips then.
    Skipped {
        /// `T::default()`.
        value: T,
        /// Which call.
        call: CallInfo,
    },
    /// The body ran in this call without a claim, since the store was away and the task's policy is to run.
    Unprotected {
        /// What the body answered.
        value: T,
        /// Which call.
        call: CallInfo,
    },
}

/// What is known of the call that an [`Outcome`] comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallInfo {
    /// The key.
    pub key: Key,
    /// Which attempt ran the body, from 1; 0 where none is known.
    pub attempt: u32,
    /// The fencing token of that attempt; `None` where there was no claim.
    pub fence: Option<u64>,
    /// When the key was first claimed, by the store's clock.
    pub created_at: Option<Timestamp>,
    /// When the call completed, by the store's clock.
    pub completed_at: Option<Timestamp>,
    /// Until when the result is replayed; never ends, or nothing is kept, where `None`.
    pub expires_at: Option<Timestamp>,
    /// Whether the store keeps the completion. Where it does not, a later delivery may run the body again.
    pub recorded: bool,
}

impl CallInfo {
    /// A call of which nothing was recorded.
    pub(crate) fn unrecorded(key: Key) -> Self {
        Self { key, attempt: 0, fence: None, created_at: None, completed_at: None, expires_at: None, recorded: false }
    }

    /// What a completed record says.
    pub(crate) fn of(record: &Record) -> Self {
        Self {
            key: record.key.clone(),
            attempt: record.attempt,
            fence: Some(record.fence),
            created_at: Some(record.created_at),
            completed_at: record.completed_at,
            expires_at: record.expires_at,
            recorded: true,
        }
    }
}

impl<T> Outcome<T> {
    /// The value.
    pub fn value(&self) -> &T {
        match self {
            Self::Fresh { value, .. } | Self::Replayed { value, .. } => value,
            Self::Skipped { value, .. } | Self::Unprotected { value, .. } => value,
        }
    }

    /// The value, taken out.
    pub fn into_value(self) -> T {
        match self {
            Self::Fresh { value, .. } | Self::Replayed { value, .. } => value,
            Self::Skipped { value, .. } | Self::Unprotected { value, .. } => value,
        }
    }

    /// Key, attempt, fencing token and times.
    pub fn call(&self) -> &CallInfo {
        match self {
            Self::Fresh { call, .. } | Self::Replayed { call, .. } => call,
            Self::Skipped { call, .. } | Self::Unprotected { call, .. } => call,
        }
    }

    /// Whether the body ran in this call under a claim.
    pub fn is_fresh(&self) -> bool {
        matches!(self, Self::Fresh { .. })
    }

    /// Whether the value is the kept result of an earlier call.
    pub fn is_replayed(&self) -> bool {
        matches!(self, Self::Replayed { .. })
    }

    /// The name of the variant, for tables and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fresh { .. } => "fresh",
            Self::Replayed { .. } => "replayed",
            Self::Skipped { .. } => "skipped",
            Self::Unprotected { .. } => "unprotected",
        }
    }

    /// How the call came to its value, without the value.
    pub(crate) fn without_value(&self) -> Outcome<()> {
        let call = self.call().clone();
        match self {
            Self::Fresh { .. } => Outcome::Fresh { value: (), call },
            Self::Replayed { .. } => Outcome::Replayed { value: (), call },
            Self::Skipped { .. } => Outcome::Skipped { value: (), call },
            Self::Unprotected { .. } => Outcome::Unprotected { value: (), call },
        }
    }

    /// The same as of a body that ran in another call.
    pub(crate) fn into_replayed(self) -> Self {
        let call = self.call().clone();
        Self::Replayed { value: self.into_value(), call }
    }

    /// The same outcome with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Fresh { value, call } => Outcome::Fresh { value: f(value), call },
            Self::Replayed { value, call } => Outcome::Replayed { value: f(value), call },
            Self::Skipped { value, call } => Outcome::Skipped { value: f(value), call },
            Self::Unprotected { value, call } => Outcome::Unprotected { value: f(value), call },
        }
    }
}
