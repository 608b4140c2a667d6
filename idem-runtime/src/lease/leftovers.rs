//! What dropped calls left behind, for the keeper to settle: a drop cannot await.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Busy;
use super::keeper::LONGEST_ANSWER;
use crate::claim::{ClaimRequest, CompleteRequest, FailRequest};
use crate::clock::Clock;
use crate::events;
use crate::store::{Store, StoreError};

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
        let in_time = tokio::time::timeout(LONGEST_ANSWER, sent).await;
        in_time.unwrap_or_else(|_| {
            Err(StoreError::Unavailable { store: "the store".into(), reason: "no answer in time".into() })
        })
    }
}

/// Settlements, each with the time after which the lease has done its work.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    left: Mutex<VecDeque<(Settlement, Duration)>>,
    sending: AtomicBool,
}

impl Leftovers {
    /// Takes one more, to be sent until its lease would be over.
    pub(super) fn add(&self, settlement: Settlement, now: Duration) {
        // It is called in drops, where nothing may panic.
        let give_up = now.saturating_add(settlement.claim().lease);
        let mut left = self.left();
        if left.len() < MOST {
            left.push_back((settlement, give_up));
        } else {
            drop(left);
            events::abandoned(&settlement.claim().key);
        }
    }

    /// Whether nothing is left, and nothing on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.left().is_empty() && !self.sending.load(Ordering::Acquire)
    }

    /// Whether something is left that nobody sends yet. The caller sends it then.
    pub(super) fn is_waiting(&self) -> bool {
        !self.left().is_empty() && !self.sending.swap(true, Ordering::AcqRel)
    }

    /// Sends everything, one after the other, up to the first that the store does not answer.
    pub(super) async fn settle(&self, store: &Arc<dyn Store>, clock: &dyn Clock) {
        let _sending = Busy(&self.sending);
        while let Some((settlement, give_up)) = self.next() {
            let Err(error) = settlement.send(store).await else { continue };
            if error.is_unavailable() && clock.uptime() < give_up {
                self.left().push_back((settlement, give_up));
                break;
            }
            events::abandoned(&settlement.claim().key);
        }
    }

    fn next(&self) -> Option<(Settlement, Duration)> {
        self.left().pop_front()
    }

    fn left(&self) -> MutexGuard<'_, VecDeque<(Settlement, Duration)>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
