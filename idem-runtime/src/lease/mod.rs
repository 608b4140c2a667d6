//! Holding a claim: the holder's own deadline, and the body that must not run past it.

mod guard;
mod keeper;
mod leftovers;
#[cfg(all(test, idem_interleavings))]
mod tests;
mod thread;

use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

pub(crate) use self::guard::{Guarded, Panic, Ran};
pub(crate) use self::keeper::{Keeper, Workplace};
pub(crate) use self::leftovers::Settlement;
use crate::claim::{ClaimRequest, RenewRequest, RenewVerdict};
use crate::clock::Clock;
use crate::record::State;
use crate::store::{Store, StoreError};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// How long a store may take to open the keeper's connection or to answer it.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);

/// A claim that is held, as the call and the keeper see it together.
///
/// The deadline is the holder's own: the time the claim (or the last renewal that succeeded) was *sent*, plus the lease,
/// so it comes before the store's (LEASE-2). Microseconds of [`Clock::uptime`].
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) claim: Arc<ClaimRequest>,
    deadline: AtomicU64,
    next_beat: AtomicU64,
    lost: AtomicBool,
    cancelled: AtomicBool,
    body: Mutex<Option<Waker>>,
}

impl Lease {
    /// A lease whose claim was first sent at `sent`.
    pub(crate) fn new(claim: Arc<ClaimRequest>, sent: Duration) -> Self {
        let lease = Self {
            claim,
            deadline: AtomicU64::new(0),
            next_beat: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            body: Mutex::new(None),
        };
        lease.renewed(sent);
        lease
    }

    /// A claim or renewal sent at `sent` was granted. Answers may arrive in another order than they were sent, the keeper's
    /// and the call's own: an older one takes nothing back.
    pub(crate) fn renewed(&self, sent: Duration) {
        self.deadline.fetch_max(micros(sent.saturating_add(self.claim.lease)), Ordering::AcqRel);
        self.next_beat.fetch_max(micros(sent.saturating_add(self.claim.lease / 3)), Ordering::AcqRel);
    }

    /// Asks the store for a renewal: whether the claim is still this holder's.
    pub(crate) async fn confirm(&self, store: &dyn Store, clock: &dyn Clock) -> Result<bool, StoreError> {
        let claim = &self.claim;
        let request = RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: claim.lease };
        let sent = clock.uptime();
        let answers = store.renew(std::slice::from_ref(&request)).await?;
        match answers.into_iter().next().unwrap_or(Ok(RenewVerdict::LeaseLost(None)))? {
            RenewVerdict::Renewed => {
                self.renewed(sent);
                return Ok(true);
            }
            RenewVerdict::LeaseLost(Some(State::Cancelled)) => self.cancel(),
            RenewVerdict::LeaseLost(_) => self.lose(),
        }
        Ok(false)
    }

    /// How long a beat's answer is waited for before the next one is due.
    fn patience(&self) -> Duration {
        (self.claim.lease / 3).min(LONGEST_ANSWER)
    }

    /// A beat is sent at `sent`: without an answer, the next one is due when this one was waited for long enough. When
    /// that is, for [`missed`](Self::missed).
    fn asked(&self, sent: Duration) -> u64 {
        let again = micros(sent.saturating_add(self.patience()));
        self.next_beat.fetch_max(again, Ordering::AcqRel);
        again
    }

    /// At `now` the beat failed whose successor is due at `asked`: one failed beat is not a lost lease. It is sent again
    /// soon, unless it was sent again already.
    fn missed(&self, asked: u64, now: Duration) {
        let soon = micros(now.saturating_add(self.claim.lease / 12));
        _ = self.next_beat.compare_exchange(asked, soon, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The store said that the claim is somebody else's.
    pub(crate) fn lose(&self) {
        self.lost.store(true, Ordering::Release);
        self.wake();
    }

    /// The store said that the call was cancelled.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.lose();
    }

    /// Whether the store said that the call was cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Wakes the body's task. A waker is foreign code, which may poll the call then and there: no lock is held meanwhile.
    fn wake(&self) {
        let waker = self.body().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The body's task is woken by `waker` from now on.
    fn is_woken_by(&self, waker: &Waker) {
        if self.body().as_ref().is_some_and(|known| known.will_wake(waker)) {
            return;
        }
        // Cloned before the lock is taken, and the one before it dropped after: both are foreign code.
        let waker = waker.clone();
        let before = self.body().replace(waker);
        drop(before);
    }

    fn body(&self) -> MutexGuard<'_, Option<Waker>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the holder must stop: the claim is another's, or may be by now.
    pub(crate) fn is_over(&self, clock: &dyn Clock) -> bool {
        self.is_over_at(micros(clock.uptime()))
    }

    /// The same at a time that was read before.
    fn is_over_at(&self, now: u64) -> bool {
        self.is_lost() || now >= self.deadline.load(Ordering::Acquire)
    }

    /// Whether the store said that the claim is somebody else's.
    fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }
}

/// Says that something is on its way until it is dropped, also by a panic of the store.
struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
