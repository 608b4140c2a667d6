//! The protocol's own functions over a map: what the store should do.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::Record;
use crate::transition::{Change, Step, live};

/// A store that cannot be wrong about the protocol: it is nothing else.
#[derive(Debug)]
pub(super) struct Model {
    records: HashMap<Key, Record>,
    now: Timestamp,
}

impl Model {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { records: HashMap::new(), now }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// It is so late now.
    pub(super) fn set(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// What is kept, whether or not its time is over.
    pub(super) fn kept(&self, key: &Key) -> Option<&Record> {
        self.records.get(key)
    }

    pub(super) fn apply<V>(&mut self, key: &Key, decide: impl FnOnce(Option<&Record>, Timestamp) -> Step<V>) -> V {
        let Step { change, verdict } = decide(self.records.get(key), self.now);
        if let Change::Put(record) = change {
            self.records.insert(key.clone(), Arc::unwrap_or_clone(record));
        }
        verdict
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Record>> {
        live(self.records.get(key), self.now).cloned().map(Arc::new)
    }
}
