//! Several records at once, for the transactions of the testing kit.

use std::sync::Arc;

use super::{MemoryStore, lock};
use crate::clock::Timestamp;
use crate::record::Record;
use crate::sync::atomic::Ordering;

/// A record in place of what was seen of it.
#[derive(Debug, Clone)]
pub(crate) struct Replacement {
    pub(crate) seen: Option<Arc<Record>>,
    pub(crate) by: Arc<Record>,
}

impl MemoryStore {
    /// The time that records live by.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// What is kept under a digest, its time over or not.
    pub(crate) fn kept(&self, digest: &[u8; 32]) -> Option<Arc<Record>> {
        self.shard(digest).records.get(digest).cloned()
    }

    /// Replaces all of them, or none where one is not any more as it was seen. However many there are by then.
    pub(crate) fn replace(&self, replacements: &[Replacement]) -> bool {
        // In the order of the shards, by everybody who takes more than one.
        let mut shards: Vec<_> = self.inner.shards.iter().map(lock).collect();
        let count = shards.len();
        let place = |replacement: &Replacement| usize::from(replacement.by.key.digest()[0]) % count;
        let is_as_seen = |replacement: &Replacement| {
            let there = shards[place(replacement)].records.get(replacement.by.key.digest());
            there.map(Arc::as_ptr) == replacement.seen.as_ref().map(Arc::as_ptr)
        };
        if !replacements.iter().all(is_as_seen) {
            return false;
        }
        for replacement in replacements {
            let by = &replacement.by;
            if shards[place(replacement)].records.insert(*by.key.digest(), Arc::clone(by)).is_none() {
                self.inner.len.fetch_add(1, Ordering::Relaxed);
            }
        }
        true
    }
}
