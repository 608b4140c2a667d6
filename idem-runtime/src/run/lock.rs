//! The claim of a lock: as a call's, without a body, a result or a flight.

use std::sync::Arc;
use std::time::Duration;

use super::enter::{ASK_AGAIN, hold, persistently};
use super::holding::Pledge;
use super::patience::Patience;
use super::{Slot, answer};
use crate::claim::{ClaimRequest, ClaimVerdict, Claimed};
use crate::clock::Clock;
use crate::error::{At, Error};
use crate::events;
use crate::gate::Pass;
use crate::lease::Lease;
use crate::record::Owner;
use crate::store::StoreError;

/// How long to wait for a lock that another holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    /// Not at all.
    No,
    /// For so long; without end where none is given.
    For(Option<Duration>),
}

/// Asks the store until the claim is granted, or the wait is over, or the pass. Each try is a claim of its own: `claim` with a new owner.
pub(crate) async fn lock(
    slot: &Slot,
    clock: &dyn Clock,
    claim: &ClaimRequest,
    wait: Wait,
    pass: &Pass,
) -> Result<(Arc<Lease>, Claimed), Error> {
    let key = &claim.key;
    let mut patience = match wait {
        Wait::No => None,
        Wait::For(wait) => Some(Patience::new(wait, pass)),
    };
    slot.keeper.ensure().map_err(|error| Error::store(key, error))?;
    let shut_down = || Error::ShutDown { at: At::new(key) };
    loop {
        if !pass.admits() {
            return Err(shut_down());
        }
        let claim = Arc::new(ClaimRequest { owner: Owner::random(), ..claim.clone() });
        let mut pledge = Pledge::new(&slot.keeper, &claim);
        let sent = clock.uptime();
        let lease_left = match persistently(|| slot.store.claim(&claim)).await.answer {
            Err(StoreError::Busy { .. }) => None,
            Err(error) => return Err(Error::store(key, error)),
            Ok(ClaimVerdict::Claimed(_)) if !pass.admits() => return Err(shut_down()),
            Ok(ClaimVerdict::Claimed(claimed)) => match hold(slot, clock, &claim, claimed, sent).await? {
                Some(held) => {
                    pledge.kept();
                    return Ok(held);
                }
                None => continue,
            },
            Ok(ClaimVerdict::Running { lease_left, .. }) => lease_left,
            Ok(ClaimVerdict::Stale | ClaimVerdict::Mismatch { .. }) => None,
            Ok(
                ClaimVerdict::Completed(record)
                | ClaimVerdict::Failed(record)
                | ClaimVerdict::Parked(record)
                | ClaimVerdict::Cancelled(record),
            ) => {
                pledge.kept();
                return Err(answer::refusal(key, &record));
            }
        };
        pledge.kept();
        let retry_after = lease_left.unwrap_or(ASK_AGAIN);
        let Some(patience) = &mut patience else {
            return Err(Error::InProgress { at: At::new(key), retry_after });
        };
        events::waiting(key, retry_after);
        patience.pause(lease_left).await.map_err(|over| over.error(key, retry_after))?;
    }
}
