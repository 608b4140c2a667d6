//! What a store and its keepers have in common: everything but the connections.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::address::Address;
use super::names::Names;
use super::time::ServerTime;

/// How long the store waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For an operation: connecting, asking and asking again together.
    pub(super) response: Duration,
    /// For one connection.
    pub(super) connect: Duration,
}

/// So many replicas must have a claim before it is answered, and are waited for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Replicas {
    pub(super) count: u32,
    pub(super) timeout: Duration,
}

pub(super) struct Shared {
    /// The store in messages.
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) names: Names,
    pub(super) limits: Limits,
    /// Certificates of authorities besides the public ones, as PEM.
    #[cfg(feature = "tls-rustls")]
    pub(super) roots: Option<Vec<u8>>,
    pub(super) replicas: Option<Replicas>,
    pub(super) time: ServerTime,
    /// Whether the server compares and sets in one command.
    pub(super) ifeq: AtomicBool,
    pub(super) lives: Lives,
}

/// The lives of the server, by the value that is written once into each.
#[derive(Debug, Default)]
pub(super) struct Lives {
    current: Mutex<Option<Vec<u8>>>,
    lost: AtomicU64,
}

impl Lives {
    /// The server was found to be in this life. `true` where it is another than before: it has forgotten everything.
    pub(super) fn found(&self, life: &[u8]) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = current.as_deref().is_some_and(|before| before != life);
        *current = Some(life.to_vec());
        if forgotten {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        forgotten
    }

    /// How often it was found to have forgotten everything.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}
