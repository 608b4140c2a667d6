//! The way out: what becomes of the record once the body has ended.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::failure::{self, Ended};
use super::holding::Holding;
use super::{Call, Ops};
use crate::claim::{CompleteRequest, CompleteVerdict, FailVerdict};
use crate::codec::{CodecError, ResultCodec};
use crate::error::{At, Error};
use crate::events;
use crate::lease::Panic;
use crate::outcome::{CallInfo, Outcome};
use crate::record::{State, StoredResult};
use crate::store::StoreError;
use crate::sync::time;

/// The pause before a completion without an answer is sent again; doubled each time.
const RESEND_AFTER: Duration = Duration::from_millis(20);

/// The body returned a value: it is kept, and this call answers with it.
pub(super) async fn completed<T, E>(
    call: &Call,
    mut holding: Holding<'_>,
    ops: &Ops<T, E>,
    value: T,
) -> Result<Outcome<T>, E> {
    let (result, trouble) = encoded(call, ops, &value);
    let told = tell(call, &mut holding, result).await;
    let answer = answered(call, holding, told, value);
    told_of(call, ops, trouble, answer)
}

/// Why a value was not kept: it could not be encoded, or panicked.
pub(super) type Trouble = Result<CodecError, Panic>;

/// Whether a call's own caller hears of it: a panic always, a value that cannot be encoded in debug builds.
pub(super) fn is_told(trouble: &Trouble) -> bool {
    trouble.is_err() || cfg!(debug_assertions)
}

/// What is kept of a value. Where it cannot be encoded the record completes all the same, for the effect took place: it is
/// never run again for want of its result.
pub(super) fn encoded<T, E>(call: &Call, ops: &Ops<T, E>, value: &T) -> (StoredResult, Option<Trouble>) {
    let stored = catch_unwind(AssertUnwindSafe(|| ops.codec.store(value, call.settings.max_result)));
    let (result, trouble) = match stored {
        Ok(Ok(result)) => (result, None),
        Ok(Err(error)) => (StoredResult::Absent(error.to_string().into()), Some(Ok(error))),
        Err(panic) => (StoredResult::Absent("its `Serialize` or `Deserialize` panicked".into()), Some(Err(panic))),
    };
    if let (StoredResult::Absent(reason), ResultCodec::Keep { .. }) = (&result, &ops.codec) {
        events::result_dropped(&call.key, reason);
    }
    (result, trouble)
}

/// The answer, unless its own caller must hear of the trouble.
pub(super) fn told_of<T, E>(
    call: &Call,
    ops: &Ops<T, E>,
    trouble: Option<Trouble>,
    answer: Result<Outcome<T>, Error>,
) -> Result<Outcome<T>, E> {
    match trouble {
        Some(Err(panic)) => resume_unwind(panic),
        Some(trouble @ Ok(_)) if !is_told(&trouble) => answer.map_err(ops.error),
        Some(Ok(error)) if answer.is_ok() => {
            Err((ops.error)(Error::ResultType { at: At::new(&call.key), reason: error.to_string() }))
        }
        _ => answer.map_err(ops.error),
    }
}

/// Sends the completion until it is answered, for one lease at most. Dropped meanwhile, the keeper goes on with it.
async fn tell(call: &Call, holding: &mut Holding<'_>, result: StoredResult) -> Result<CompleteVerdict, StoreError> {
    // Left to the keeper, it may arrive after this holder's deadline: then a record that is gone stays gone.
    let mut request = CompleteRequest {
        claim: Arc::clone(&holding.lease.claim),
        fence: holding.claimed.fence,
        attempt: holding.claimed.attempt,
        result,
        retention: call.settings.retention,
        may_restore: false,
    };
    holding.pledge.record(request.clone());
    let give_up = call.clock.uptime().saturating_add(call.settings.lease);
    let mut pause = RESEND_AFTER;
    loop {
        request.may_restore = !holding.lease.is_over(&*call.clock);
        let error = match call.slot.store.complete(&request).await {
            Err(error) if error.is_unavailable() => error,
            answer => return answer,
        };
        // Not where the lease seems lost: a heartbeat may have met this very completion, whose reply was lost.
        if call.clock.uptime() + pause >= give_up {
            return Err(error);
        }
        time::sleep(pause).await;
        pause = (pause * 2).min(call.settings.lease / 4);
    }
}

/// What the caller gets, by what the store said of the completion.
fn answered<T>(
    call: &Call,
    mut holding: Holding<'_>,
    told: Result<CompleteVerdict, StoreError>,
    value: T,
) -> Result<Outcome<T>, Error> {
    // Unanswered, the completion is left to the keeper: it may still be recorded.
    if !matches!(told, Err(StoreError::Unavailable { .. })) {
        holding.pledge.kept();
    }
    let at = || At::new(&call.key);
    match told {
        Ok(CompleteVerdict::Completed { record, restored }) => {
            if restored {
                events::restored(&call.key);
            }
            events::completed(&call.key, record.attempt);
            let info = CallInfo::of(&record);
            if let Some(leader) = holding.leader.take() {
                leader.land(record);
            }
            Ok(Outcome::Fresh { value, call: info })
        }
        Ok(CompleteVerdict::LeaseLost(found)) => {
            events::refused(&call.key, found);
            Err(if found == Some(State::Cancelled) {
                Error::Cancelled { at: at(), effect: true }
            } else {
                Error::LeaseLost { at: at() }
            })
        }
        Err(source) => {
            events::unrecorded(&call.key, &source);
            if call.settings.strict {
                return Err(Error::StoreUnavailable { at: at(), source, effect: true });
            }
            let claimed = &holding.claimed;
            let mut info = CallInfo::unrecorded(call.key.clone());
            info.attempt = claimed.attempt;
            info.fence = Some(claimed.fence);
            Ok(Outcome::Fresh { value, call: info })
        }
    }
}

/// The body ended without a value, and its claim with it. Where the store does not answer, the keeper goes on with it.
pub(super) async fn ended(call: &Call, mut holding: Holding<'_>, ended: Ended) {
    let why = ended.why;
    let request = holding.pledge.end(ended);
    match call.slot.store.fail(&request).await {
        Ok(FailVerdict::Settled(State::Failed)) => events::remembered(&call.key, why),
        Ok(FailVerdict::Settled(State::Parked)) => events::parked(&call.key, why),
        Ok(FailVerdict::Settled(_)) => events::released(&call.key, why),
        Ok(FailVerdict::LeaseLost(found)) => events::refused(&call.key, Some(found)),
        Err(_) => return,
    }
    holding.pledge.kept();
}

/// The body ended nobody knows where.
pub(super) async fn abandoned(call: &Call, mut holding: Holding<'_>, why: &'static str) {
    match failure::abandoned(call.settings.on_stale, why) {
        Some(end) => ended(call, holding, end).await,
        None => {
            holding.pledge.kept();
            events::left_to_lease(&call.key, why);
        }
    }
}

/// The lease was over while the body ran. The record is another's, or its lease judges it.
pub(super) fn lease_over(call: &Call, mut holding: Holding<'_>) -> Error {
    holding.pledge.kept();
    events::lease_over(&call.key);
    let at = At::new(&call.key);
    if holding.lease.is_cancelled() { Error::Cancelled { at, effect: true } } else { Error::LeaseLost { at } }
}
