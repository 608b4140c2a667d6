//! A claim that was abandoned, and what is known of its effect.

use crate::claim::Previous;
use crate::clock::Timestamp;
use crate::current::effect_key;
use crate::key::Key;

/// What a function of a task's knows of an abandoned claim: `reconcile = path::to::async_fn`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reconciled<T> {
    /// The effect took place, with this result: it is kept and answered as if the body had returned it.
    Happened(T),
    /// It did not, and it will not any more: the body runs.
    DidNotHappen,
    /// Nobody can tell: the record is set aside for an operator, and the call is `Error::OutcomeUnknown`.
    Unknown,
}

/// A claim whose owner is gone. Its body may have been entered, and its effect may have taken place.
#[derive(Debug, Clone)]
pub struct AbandonedClaim {
    key: Key,
    attempt: u32,
    /// None where the store's first answer was lost, which told it.
    previous: Option<Previous>,
}

impl AbandonedClaim {
    pub(crate) fn new(key: Key, attempt: u32, previous: Option<Previous>) -> Self {
        Self { key, attempt, previous }
    }

    /// The key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Which attempt it was, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Its fencing token; `None` where the answer of the store that told it was lost.
    pub fn fence(&self) -> Option<u64> {
        self.previous.map(|previous| previous.fence)
    }

    /// When the key was first claimed, by the store's clock; `None` as for [`AbandonedClaim::fence`].
    pub fn first_claimed_at(&self) -> Option<Timestamp> {
        self.previous.map(|previous| previous.created_at)
    }

    /// When its lease was over, by the store's clock; `None` as for [`AbandonedClaim::fence`].
    pub fn lease_until(&self) -> Option<Timestamp> {
        self.previous.map(|previous| previous.lease_until)
    }

    /// The key for an effect that its body handed to a provider: that of [`Current::derive_key`](crate::Current::derive_key).
    pub fn derive_key(&self, name: &str) -> String {
        effect_key(&self.key, name)
    }
}
