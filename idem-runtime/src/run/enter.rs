//! The way in: what is known of the key, or the right to run its body.

use std::sync::Arc;
use std::time::Duration;

use super::holding::{Holding, Pledge};
use super::patience::Patience;
use super::{Call, Slot, answer};
use crate::claim::{ClaimRequest, ClaimVerdict, Claimed};
use crate::clock::Clock;
use crate::error::{At, Error};
use crate::events;
use crate::flight::{Follower, IsRunning, Joined, Landing, Leader};
use crate::lease::Lease;
use crate::policy::{OnInProgress, OnStale, OnStoreError};
use crate::reconcile::AbandonedClaim;
use crate::record::Record;
use crate::settings::Enforced;
use crate::store::{StoreError, StoreFuture};
use crate::sync::time;

/// When to ask again, where a running call's lease is not known.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How often a request without an answer is sent in all, and the pause before it is sent again.
const SENDS: u32 = 3;
const RESEND_AFTER: Duration = Duration::from_millis(25);

/// What a call may do.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one a call, and the large one is that of every first call")]
pub(super) enum Entry<'a> {
    /// Run the body under this claim.
    Run(Holding<'a>),
    /// Answer with this completed record.
    Replay(Arc<Record>),
    /// Answer that another is running.
    Skip(Option<Arc<Record>>),
    /// Run the body without a claim.
    Unprotected,
}

/// What a call may do, as far as its task is protected by now, and as long as the runtime is not shutting down: a claim that
/// was granted meanwhile is given back, since its body was not entered.
pub(super) async fn enter(call: &Call) -> Result<Entry<'_>, Error> {
    let entry = match call.settings.enforced {
        Enforced::Shadow => shadowed(call).await,
        enforced if enforced.takes(&call.key) => asked(call).await,
        _ => Ok(Entry::Unprotected),
    };
    match entry {
        Ok(Entry::Run(_) | Entry::Unprotected) if !call.pass.admits() => Err(call.shut_down()),
        entry => entry,
    }
}

/// Reports what a call would have met, and lets it run.
async fn shadowed(call: &Call) -> Result<Entry<'_>, Error> {
    let why = match asked(call).await {
        Ok(entry @ (Entry::Run(_) | Entry::Unprotected)) => return Ok(entry),
        Err(error @ Error::ShutDown { .. }) => return Err(error),
        Ok(Entry::Replay(record)) => {
            let at = record.completed_at.map_or_else(String::new, |at| format!(", at {at}"));
            format!("it completed before{at}")
        }
        Ok(Entry::Skip(_)) => "it is running elsewhere".to_owned(),
        Err(error) => error.to_string(),
    };
    events::shadowed(&call.key, &why);
    Ok(Entry::Unprotected)
}

/// Asks, in this order: the callers of this call, the other calls of this process, the store.
async fn asked(call: &Call) -> Result<Entry<'_>, Error> {
    let callers = call.frame.running.as_ref();
    if callers.is_some_and(|callers| callers.holds(&call.key, &call.slot.store)) {
        return Err(Error::Reentrant { at: At::new(&call.key) });
    }
    // Two bodies in two processes that wait for each other cannot see it: a call made in a body waits for a lease at most.
    let bound = callers.map(|_| call.settings.lease);
    let mut patience = Patience::new(call.settings.wait.or(bound), &call.pass);
    loop {
        if !call.pass.admits() {
            return Err(call.shut_down());
        }
        match call.slot.flights.join(&call.key, call.fingerprint.as_ref()) {
            Joined::Leads(leader) => return lead(call, leader, &mut patience).await,
            Joined::Follows(follower) => {
                if let Some(entry) = follow(call, follower, &patience).await? {
                    return Ok(entry);
                }
            }
        }
    }
}

/// Another call of this process asks, or runs. `None`: it ended without a result, so the key is free to be asked for.
async fn follow<'a>(call: &Call, follower: Follower<'_>, patience: &Patience<'_>) -> Result<Option<Entry<'a>>, Error> {
    let policy = call.settings.on_in_progress;
    let landing = if let Some(arguments) = follower.differing(call.fingerprint.as_ref()) {
        // The leader's arguments count once the store has taken them: they may be the wrong ones.
        match follower.landed_unless_running().await {
            Err(IsRunning) | Ok(Landing::Completed(_)) => {
                return Err(Error::Mismatch { at: At::new(&call.key), arguments });
            }
            Ok(landing) => landing,
        }
    } else if policy == OnInProgress::Wait && follower.may_wait() {
        let waiter = call.frame.running.as_ref().map(|running| &running.waits);
        let waiting = waiter.map(|waiter| follower.waits_for(waiter));
        if matches!(waiting, Some(None)) {
            return Err(Error::Reentrant { at: At::new(&call.key) });
        }
        events::waiting(&call.key, ASK_AGAIN);
        patience.with(follower.landed()).await.map_err(|over| over.error(&call.key, ASK_AGAIN))?
    } else {
        match follower.landed_unless_running().await {
            Ok(landing) => landing,
            Err(IsRunning) if policy == OnInProgress::Skip => return Ok(Some(Entry::Skip(None))),
            Err(IsRunning) => return Err(in_progress(call, None)),
        }
    };
    match landing {
        Landing::Completed(record) => Ok(Some(Entry::Replay(record))),
        Landing::Free => Ok(None),
        Landing::Away(error) => without_store(call, error).map(Some),
    }
}

/// The store could not be asked: as the task's policy says.
fn without_store<'a>(call: &Call, error: StoreError) -> Result<Entry<'a>, Error> {
    if error.is_unavailable() && call.settings.on_store_error == OnStoreError::Run {
        events::unprotected(&call.key, &error);
        return Ok(Entry::Unprotected);
    }
    Err(Error::store(&call.key, error))
}

pub(super) fn in_progress(call: &Call, lease_left: Option<Duration>) -> Error {
    Error::InProgress { at: At::new(&call.key), retry_after: lease_left.unwrap_or(ASK_AGAIN) }
}

/// Asks the store until it grants the claim or answers.
async fn lead<'a>(call: &'a Call, leader: Leader<'a>, patience: &mut Patience<'_>) -> Result<Entry<'a>, Error> {
    if let Err(error) = call.slot.keeper.ensure() {
        return without_store(call, error);
    }
    loop {
        if !call.pass.admits() {
            return Err(call.shut_down());
        }
        let claim = call.claim();
        let mut pledge = Pledge::new(&call.slot.keeper, &claim);
        let sent = call.clock.uptime();
        let Asked { answer: asked, again } = persistently(|| call.slot.store.claim(&claim)).await;
        // Of a claim that was sent twice, the first may be applied where the second met a lock.
        let is_open = match &asked {
            Err(StoreError::Unavailable { .. }) | Ok(ClaimVerdict::Claimed(_)) => true,
            Err(StoreError::Busy { .. }) => again,
            _ => false,
        };
        if !is_open {
            pledge.kept();
        }
        let verdict = match asked {
            Ok(verdict) => verdict,
            // A claim that is not committed yet, or taken back: somebody is running, whoever it is.
            Err(StoreError::Busy { .. }) => {
                leader.runs();
                if let Some(entry) = running(call, None, None, patience).await? {
                    return Ok(entry);
                }
                continue;
            }
            Err(error) => {
                leader.away(&error);
                return without_store(call, error);
            }
        };
        if let ClaimVerdict::Claimed(claimed) = verdict {
            match hold(&call.slot, &*call.clock, &claim, claimed, sent).await? {
                Some((lease, held)) => {
                    leader.runs();
                    let abandoned = abandoned(call, &held, again || held.fence != claimed.fence);
                    let claimed = held;
                    let leader = Some(leader);
                    return Ok(Entry::Run(Holding { lease, claimed, abandoned, running: None, leader, pledge }));
                }
                None => continue,
            }
        }
        match verdict {
            ClaimVerdict::Running { lease_left, record } => {
                leader.runs();
                if let Some(entry) = running(call, lease_left, Some(record), patience).await? {
                    return Ok(entry);
                }
            }
            ClaimVerdict::Completed(record) => {
                leader.land(Arc::clone(&record));
                return Ok(Entry::Replay(record));
            }
            ClaimVerdict::Mismatch { arguments } => return Err(Error::Mismatch { at: At::new(&call.key), arguments }),
            ClaimVerdict::Failed(record) | ClaimVerdict::Parked(record) | ClaimVerdict::Cancelled(record) => {
                return Err(answer::refusal(&call.key, &record));
            }
            // The claim was used up by an earlier sending; the next one has an owner of its own.
            ClaimVerdict::Stale | ClaimVerdict::Claimed(_) => {}
        }
    }
}

/// Another is running: as the task's policy says. `None`: it was waited for, and the store is to be asked again.
async fn running<'a>(
    call: &Call,
    lease_left: Option<Duration>,
    record: Option<Arc<Record>>,
    patience: &mut Patience<'_>,
) -> Result<Option<Entry<'a>>, Error> {
    match call.settings.on_in_progress {
        OnInProgress::Wait => {
            let retry_after = lease_left.unwrap_or(ASK_AGAIN);
            events::waiting(&call.key, retry_after);
            patience.pause(lease_left).await.map_err(|over| over.error(&call.key, retry_after))?;
            Ok(None)
        }
        OnInProgress::Error => Err(in_progress(call, lease_left)),
        // Something holds the record, or the whole table: that is no call to be skipped for.
        OnInProgress::Skip if record.is_none() => Err(in_progress(call, None)),
        OnInProgress::Skip => Ok(Some(Entry::Skip(record))),
    }
}

/// The claim that this one took over, where the task asks what became of it. An answer to a second sending does not say
/// what the first took over (PROTO-4): then any earlier attempt may be meant.
fn abandoned(call: &Call, claimed: &Claimed, again: bool) -> Option<Box<AbandonedClaim>> {
    let asks = call.settings.on_stale == OnStale::Reconcile;
    let meant = claimed.previous.is_some() || again && claimed.attempt > 1;
    let attempt = claimed.previous.map_or(claimed.attempt.saturating_sub(1), |previous| previous.attempt);
    (asks && meant).then(|| Box::new(AbandonedClaim::new(call.key.clone(), attempt, claimed.previous)))
}

/// What a store answered.
#[derive(Debug)]
pub(crate) struct Asked<T> {
    pub(crate) answer: Result<T, StoreError>,
    /// It was sent more than once: an answer to the first may be lost.
    pub(crate) again: bool,
}

/// Sends a request, and again where no answer came: the name that it gives itself makes it the same request.
pub(crate) async fn persistently<'a, T>(send: impl Fn() -> StoreFuture<'a, T>) -> Asked<T> {
    let mut pause = RESEND_AFTER;
    for sent in 1..SENDS {
        match send().await {
            Err(StoreError::Unavailable { .. }) => time::sleep(pause).await,
            answer => return Asked { answer, again: sent > 1 },
        }
        pause *= 4;
    }
    Asked { answer: send().await, again: true }
}

/// Takes a granted claim into the heartbeats. Where the answer took longer than the lease, the claim is renewed before
/// the body is entered; `None` where it was lost by then. Answers the claim that holds.
pub(super) async fn hold(
    slot: &Slot,
    clock: &dyn Clock,
    claim: &Arc<ClaimRequest>,
    mut claimed: Claimed,
    sent: Duration,
) -> Result<Option<(Arc<Lease>, Claimed)>, Error> {
    let lease = Arc::new(Lease::new(Arc::clone(claim), sent));
    let key = &claim.key;
    while lease.is_over(clock) {
        if !lease.confirm(&*slot.store, clock).await.map_err(|error| Error::store(key, error))? {
            return Ok(None);
        }
        // A renewal asks for the owner alone. The claim may have been taken over meanwhile, and its own repetition, which was
        // late, have taken the key back under a higher fence: sent again, it is answered what holds (PROTO-4).
        match persistently(|| slot.store.claim(claim)).await.answer {
            Ok(ClaimVerdict::Claimed(same)) if same.fence == claimed.fence => {}
            Ok(ClaimVerdict::Claimed(newer)) => claimed = newer,
            Ok(_) => return Ok(None),
            Err(error) => return Err(Error::store(key, error)),
        }
    }
    slot.keeper.hold(&lease);
    if claimed.previous.is_some() {
        events::taken_over(key, claimed.attempt);
    }
    events::claimed(key, claimed.attempt, claimed.fence);
    Ok(Some((lease, claimed)))
}
