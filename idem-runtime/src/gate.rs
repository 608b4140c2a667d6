//! Who is under way in a runtime: what a shutdown closes, and what it waits for.

#[cfg(all(test, idem_interleavings))]
mod tests;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, PoisonError, Weak};

use crate::key::Key;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, Notify};

/// The highest bit of a gate's state; below it are the passes that are out.
const CLOSED: usize = !(usize::MAX >> 1);

/// Gives a pass to each call and lock of a runtime, until it is closed.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: AtomicUsize,
    /// It was closed, or the last pass is back.
    news: Notify,
    /// The bodies that no keeper knows of, having no lease.
    unleased: Mutex<HashMap<u64, Key>>,
    next: AtomicU64,
}

/// The right to be under way. The calls made in a body have its own, so that they are a part of it.
#[derive(Debug)]
pub(crate) struct Pass {
    entry: Arc<Entry>,
    /// It is that of a body that was under way before.
    is_nested: bool,
}

/// One pass of the gate, however many calls have it.
#[derive(Debug)]
struct Entry(Arc<Gate>);

/// The pass of a body, for the calls made in it while it runs.
#[derive(Debug)]
pub(crate) struct Inside(Weak<Entry>);

impl Gate {
    /// A pass, unless the gate is closed.
    pub(crate) fn pass(self: &Arc<Self>) -> Option<Pass> {
        let one_more = |state: usize| (state & CLOSED == 0).then_some(state + 1);
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok()?;
        Some(Pass { entry: Arc::new(Entry(Arc::clone(self))), is_nested: false })
    }

    /// No pass is given any more, and what waits with one is told.
    pub(crate) fn close(&self) {
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
        self.news.notify_waiters();
    }

    fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) & CLOSED != 0
    }

    /// How many passes are out.
    pub(crate) fn count(&self) -> usize {
        self.state.load(Ordering::Acquire) & !CLOSED
    }

    /// Waits until no pass is out. Of a gate that is closed none is given then.
    pub(crate) async fn emptied(&self) {
        self.until(|gate| gate.count() == 0).await;
    }

    /// Waits until `seen` holds, of which there is news.
    async fn until(&self, seen: impl Fn(&Self) -> bool) {
        loop {
            let mut news = pin!(self.news.notified());
            news.as_mut().enable();
            if seen(self) {
                return;
            }
            news.await;
        }
    }

    /// The keys of the bodies without a lease.
    pub(crate) fn unleased(&self) -> Vec<Key> {
        self.listed().values().cloned().collect()
    }

    fn listed(&self) -> MutexGuard<'_, HashMap<u64, Key>> {
        self.unleased.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// Whether a body may begin under it.
    pub(crate) fn admits(&self) -> bool {
        self.is_nested || !self.gate().is_closed()
    }

    /// Waits until no body may begin under it.
    pub(crate) async fn revoked(&self) {
        if self.is_nested {
            std::future::pending::<()>().await;
        }
        self.gate().until(Gate::is_closed).await;
    }

    /// For the calls made in the body that begins under it.
    pub(crate) fn inside(&self) -> Inside {
        Inside(Arc::downgrade(&self.entry))
    }

    /// A body without a lease begins under it, and has ended once this is dropped.
    pub(crate) fn list(&self, key: &Key) -> Listed<'_> {
        let gate = self.gate();
        let id = gate.next.fetch_add(1, Ordering::Relaxed);
        gate.listed().insert(id, key.clone());
        Listed { gate, id }
    }

    fn gate(&self) -> &Gate {
        &self.entry.0
    }
}

impl Inside {
    /// The body's pass, if it is one of this gate's and still out.
    pub(crate) fn pass(&self, gate: &Arc<Gate>) -> Option<Pass> {
        let entry = self.0.upgrade().filter(|entry| Arc::ptr_eq(&entry.0, gate))?;
        Some(Pass { entry, is_nested: true })
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.0.state.fetch_sub(1, Ordering::AcqRel) == CLOSED + 1 {
            self.0.news.notify_waiters();
        }
    }
}

/// A body without a lease is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct Listed<'a> {
    gate: &'a Gate,
    id: u64,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        let gone = self.gate.listed().remove(&self.id);
        drop(gone);
    }
}
