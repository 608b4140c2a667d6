//! What a queue, cron or HTTP layer knows about the message being handled.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use crate::ambient::Frame;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::key::{Fingerprint, Key};

/// An explicit key is kept in no store, only its digest; the bound keeps requests sane. 255 is what HTTP APIs with an
/// `Idempotency-Key` header allow.
const LONGEST_KEY: usize = 255;

/// What a queue, cron or HTTP layer knows about the message being handled. Ambient for one future, immutable, nestable:
/// an inner delivery's words win, what it does not say comes from the outer one, but never the outer's explicit key.
///
/// ```
/// # use idem_runtime as idem;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::Error> {
/// let n = idem::Delivery::new()
///     .idempotency_key("550e8400-e29b-41d4-a716-446655440000")?
///     .attempt(2)
///     .scope("user", 789)
///     .run(async { 7 })
///     .await;
/// assert_eq!(n, 7);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    key: Option<String>,
    message_id: Option<String>,
    attempt: Option<u32>,
    enqueued_at: Option<Timestamp>,
    scheduled_for: Option<Timestamp>,
    scopes: Vec<(String, ScopeId)>,
}

/// The value of a scope: an integer or a text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum ScopeId {
    /// An integer, such as a database id.
    Int(i128),
    /// A text, such as a UUID.
    Text(String),
}

macro_rules! scope_from_int {
    ($($int:ty)*) => {$(
        impl From<$int> for ScopeId {
            fn from(value: $int) -> Self {
                Self::Int(i128::from(value))
            }
        }
    )*};
}
scope_from_int!(u8 u16 u32 u64 i8 i16 i32 i64 i128);

impl From<&str> for ScopeId {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for ScopeId {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl Delivery {
    /// A delivery of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The key that the sender gave the message. The first call under the delivery is made under it, instead of under a key
    /// made from the arguments; it is bound to that task and its scope. A retry of that call, with the same arguments, is
    /// made under it again; every other call has the key of its arguments.
    ///
    /// # Errors
    /// [`Error::Config`] for an empty key, one longer than 255 bytes, and one with control characters.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Result<Self, Error> {
        let key = key.into();
        let refuse = |found: String| {
            Error::Config(format!(
                "the idempotency key of a delivery {found}: expected 1 to {LONGEST_KEY} bytes of printable text, such as a UUID"
            ))
        };
        if key.is_empty() {
            return Err(refuse("is empty".into()));
        }
        if key.len() > LONGEST_KEY {
            return Err(refuse(format!("has {} bytes", key.len())));
        }
        if key.chars().any(char::is_control) {
            return Err(refuse("holds a control character".into()));
        }
        self.key = Some(key);
        Ok(self)
    }

    /// The queue's id of the message, kept with the claim for people.
    pub fn message_id(mut self, id: impl Into<String>) -> Self {
        self.message_id = Some(id.into());
        self
    }

    /// Which delivery of the message this is, from 1, as the queue counts: kept with the claim for people, never part of a key.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = Some(attempt);
        self
    }

    /// When the message was put into the queue.
    pub fn enqueued_at(mut self, at: impl Into<SystemTime>) -> Self {
        self.enqueued_at = Some(at.into().into());
        self
    }

    /// For when the work is scheduled. Its calendar date is the one that joins a dated key, also when it is retried after midnight.
    pub fn scheduled_for(mut self, at: impl Into<SystemTime>) -> Self {
        self.scheduled_for = Some(at.into().into());
        self
    }

    /// Whose work it is. A task with `scope = "user"` and no such argument takes it from here. The integer 7 and the text
    /// `"7"` are different scopes: parse headers before they come here.
    pub fn scope(mut self, kind: impl Into<String>, id: impl Into<ScopeId>) -> Self {
        let kind = kind.into();
        self.scopes.retain(|(known, _)| *known != kind);
        self.scopes.push((kind, id.into()));
        self
    }

    /// Runs a future under this delivery. Tasks that the future spawns do not inherit it: spawn `delivery.run(…)`, do not run a spawn.
    ///
    /// # Cancel safety
    /// As the future's own.
    pub fn run<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        // Boxed: each layer of async functions would hold it twice.
        let future = Box::pin(future);
        async move { Frame::current().under(self).scope(future).await }
    }

    /// This delivery, inside `outer`.
    fn inside(mut self, outer: &Self) -> Self {
        self.message_id = self.message_id.or_else(|| outer.message_id.clone());
        self.attempt = self.attempt.or(outer.attempt);
        self.enqueued_at = self.enqueued_at.or(outer.enqueued_at);
        self.scheduled_for = self.scheduled_for.or(outer.scheduled_for);
        for (kind, id) in &outer.scopes {
            if !self.scopes.iter().any(|(known, _)| known == kind) {
                self.scopes.push((kind.clone(), id.clone()));
            }
        }
        self
    }
}

/// A delivery in force.
#[derive(Debug)]
pub(crate) struct InForce {
    delivery: Delivery,
    /// The call that is made under the explicit key: the first one.
    taken_by: OnceLock<(Key, Fingerprint)>,
}

impl InForce {
    pub(crate) fn new(delivery: Delivery, outer: Option<&InForce>) -> Arc<Self> {
        let delivery = match outer {
            Some(outer) => delivery.inside(&outer.delivery),
            None => delivery,
        };
        Arc::new(Self { delivery, taken_by: OnceLock::new() })
    }

    /// The explicit key, whoever takes it.
    pub(crate) fn key(&self) -> Option<&str> {
        self.delivery.key.as_deref()
    }

    /// Takes the explicit key for the call that is this under it. False where another call has it; a retry is the same call.
    pub(crate) fn take(&self, call: &(Key, Fingerprint)) -> bool {
        self.taken_by.get_or_init(|| call.clone()) == call
    }

    /// Whether [`InForce::take`] would say yes; takes nothing.
    pub(crate) fn would_take(&self, call: &(Key, Fingerprint)) -> bool {
        self.taken_by.get().is_none_or(|taken| taken == call)
    }

    pub(crate) fn scope(&self, kind: &str) -> Option<&ScopeId> {
        self.delivery.scopes.iter().find(|(known, _)| known == kind).map(|(_, id)| id)
    }

    /// The time whose calendar unit joins a key: when the work was due, else when it was sent.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.delivery.scheduled_for.or(self.delivery.enqueued_at)
    }

    /// When it was sent.
    pub(crate) fn enqueued_at(&self) -> Option<Timestamp> {
        self.delivery.enqueued_at
    }

    /// The message and the how many-th delivery of it this is, for people who look at a record.
    pub(crate) fn trace(&self) -> Option<String> {
        match (&self.delivery.message_id, self.delivery.attempt) {
            (Some(id), Some(attempt)) => Some(format!("{id}, delivery {attempt}")),
            (Some(id), None) => Some(id.clone()),
            (None, attempt) => attempt.map(|attempt| format!("delivery {attempt}")),
        }
    }
}
