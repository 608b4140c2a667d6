//! What dropped calls left behind, for the keeper to settle: a drop cannot await.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::LONGEST_ANSWER;
use crate::claim::{ClaimRequest, CompleteRequest, FailRequest};
use crate::clock::Clock;
use crate::events;
use crate::key::Key;
use crate::store::{Store, StoreError};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, Notify, time};

/// So many are kept while a store is away; more are left to their leases. About ten megabytes.
const MOST: usize = 32_768;

/// What a call leaves to the keeper when it is dropped.
#[derive(Debug, Clone)]
pub(crate) enum Settlement {
    /// The body returned, the completion was not answered yet.
    Complete(CompleteRequest),
    /// The claim is given up.
    Fail(FailRequest),
}

impl Settlement {
    fn claim(&self) -> &ClaimRequest {
        match self {
            Self::Complete(request) => &request.claim,
            Self::Fail(request) => &request.claim,
        }
    }

    async fn send(&self, store: &Arc<dyn Store>) -> Result<(), StoreError> {
        let sent = async {
            match self {
                Self::Complete(request) => store.complete(request).await.map(drop),
                Self::Fail(request) => store.fail(request).await.map(drop),
            }
        };
        let in_time = time::timeout(LONGEST_ANSWER, sent).await;
        in_time.unwrap_or_else(|_| {
            Err(StoreError::Unavailable { store: "the store".into(), reason: "no answer in time".into() })
        })
    }
}

/// One settlement that is left.
#[derive(Debug)]
struct Left {
    settlement: Settlement,
    /// The time, by uptime, after which the lease has done its work.
    give_up: Duration,
    /// It was sent before. Each is sent once where there is a connection, however late.
    sent: AtomicBool,
}

/// Settlements. Each stays here until it is answered, so that what a replaced thread was sending is not lost with it:
/// the same request may be sent again.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    left: Mutex<VecDeque<Arc<Left>>>,
    emptied: Notify,
}

impl Leftovers {
    /// Takes one more, to be sent until its lease would be over.
    pub(super) fn add(&self, settlement: Settlement, now: Duration) {
        // It is called in drops, where nothing may panic.
        let give_up = now.saturating_add(settlement.claim().lease);
        let one = Left { settlement, give_up, sent: AtomicBool::new(false) };
        let mut left = self.left();
        if left.len() < MOST {
            left.push_back(Arc::new(one));
        } else {
            drop(left);
            events::abandoned(&one.settlement.claim().key);
        }
    }

    /// Whether nothing is left, nor on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.left().is_empty()
    }

    /// Waits until nothing is left.
    pub(super) async fn emptied(&self) {
        loop {
            let mut emptied = pin!(self.emptied.notified());
            emptied.as_mut().enable();
            if self.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    /// The keys of what is left.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.left().iter().map(|one| one.settlement.claim().key.clone()).collect()
    }

    /// Drops what the leases have done by now. What was never sent is kept, where the store can be reached.
    pub(super) fn give_up(&self, now: Duration, reachable: bool) {
        let mut over = Vec::new();
        self.left().retain(|one| {
            let is_over = one.give_up <= now && (!reachable || one.sent.load(Ordering::Acquire));
            if is_over {
                over.push(Arc::clone(one));
            }
            !is_over
        });
        over.iter().for_each(|one| events::abandoned(&one.settlement.claim().key));
        self.tell_if_empty();
    }

    fn tell_if_empty(&self) {
        if self.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    /// Sends everything, one after the other; whether the store answered.
    pub(super) async fn settle(&self, store: &Arc<dyn Store>, clock: &dyn Clock) -> bool {
        while let Some(one) = self.next() {
            one.sent.store(true, Ordering::Release);
            match one.settlement.send(store).await {
                Ok(()) => self.remove(&one),
                Err(error) if error.is_unavailable() => {
                    // The others are tried as well, however late: the machine may have stood still.
                    self.give_up(clock.uptime(), true);
                    return false;
                }
                Err(_) => {
                    self.remove(&one);
                    events::abandoned(&one.settlement.claim().key);
                }
            }
        }
        true
    }

    /// The first. It goes to the end of the queue, so that one which is not answered does not keep the others waiting.
    fn next(&self) -> Option<Arc<Left>> {
        let mut left = self.left();
        let first = left.pop_front()?;
        left.push_back(Arc::clone(&first));
        Some(first)
    }

    fn remove(&self, one: &Arc<Left>) {
        let mut left = self.left();
        // New ones come behind it while it is on its way.
        let place = left.iter().rposition(|other| Arc::ptr_eq(one, other));
        let gone = place.and_then(|place| left.remove(place));
        drop(left);
        drop(gone);
        self.tell_if_empty();
    }

    fn left(&self) -> MutexGuard<'_, VecDeque<Arc<Left>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
