//! The bodies that were entered in a frame: for the explorer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::current::Running;
use crate::key::Key;

/// The bodies that were entered in a frame and in the frames inside it, in order.
#[derive(Debug, Default)]
pub(crate) struct Entries(Mutex<Vec<Entry>>);

/// A body that was entered.
#[derive(Debug)]
struct Entry {
    key: Key,
    running: Weak<Running>,
    /// Under a lease, while another body of its key ran or had been killed under a lease that still held.
    overlaps: bool,
}

impl Entry {
    fn holds_its_lease(&self) -> bool {
        let running = self.running.upgrade();
        running.is_some_and(|running| running.lease.as_ref().is_some_and(|lease| !lease.is_over(&*running.clock)))
    }
}

impl Entries {
    /// A body is about to be entered.
    pub(crate) fn note(&self, running: &Arc<Running>) {
        let mut entries = self.entries();
        let holds = |entry: &Entry| entry.key == running.key && entry.holds_its_lease();
        let overlaps = running.lease.is_some() && entries.iter().any(holds);
        entries.push(Entry { key: running.key.clone(), running: Arc::downgrade(running), overlaps });
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.entries().len()
    }

    /// How many there were of the key that had the most.
    pub(crate) fn most(&self) -> usize {
        let entries = self.entries();
        entries.iter().map(|one| entries.iter().filter(|other| other.key == one.key).count()).max().unwrap_or(0)
    }

    /// The task of the innermost body that still runs, of those after the first `skip`.
    pub(crate) fn innermost(&self, skip: usize) -> Option<String> {
        let entries = self.entries();
        let mut running = entries.iter().skip(skip).filter(|entry| entry.running.strong_count() > 0);
        running.next_back().map(|entry| entry.key.task().to_owned())
    }

    /// The task of a body that was entered while another's lease on its key held.
    pub(crate) fn overlapping(&self) -> Option<String> {
        self.entries().iter().find(|entry| entry.overlaps).map(|entry| entry.key.task().to_owned())
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
