//! Answers to duplicates: what a record says, in the words of the task.

use std::sync::Arc;

use super::{Call, Ops};
use crate::codec::ResultCodec;
use crate::error::{At, Error};
use crate::events;
use crate::key::Key;
use crate::outcome::{CallInfo, Outcome};
use crate::record::{Record, State, StoredResult};

/// A completed record, as this call sees it: its own policy and its own type.
pub(super) fn replay<T, E>(call: &Call, ops: &Ops<T, E>, record: Arc<Record>) -> Result<Outcome<T>, Error> {
    if call.settings.strict {
        return Err(Error::Duplicate { at: At::new(&call.key), record });
    }
    let outcome = kept(&call.key, &ops.codec, &record)?;
    events::replayed(&call.key);
    Ok(outcome)
}

/// The kept result of a completed record.
pub(crate) fn kept<T>(key: &Key, codec: &ResultCodec<T>, record: &Record) -> Result<Outcome<T>, Error> {
    let at = || At::new(key);
    let value = match (codec, &record.result) {
        (ResultCodec::Discard(make), _) => make(),
        (ResultCodec::Keep { decode, .. }, Some(StoredResult::Envelope(envelope))) => {
            decode(envelope).map_err(|error| Error::ResultType { at: at(), reason: error.to_string() })?
        }
        (_, Some(StoredResult::Absent(reason))) => {
            return Err(Error::ResultUnavailable { at: at(), reason: reason.to_string() });
        }
        (_, None) => return Err(Error::ResultUnavailable { at: at(), reason: "the record holds none".into() }),
    };
    Ok(Outcome::Replayed { value, call: CallInfo::of(record) })
}

/// Another call is running, and the task skips then.
pub(super) fn skip<T, E>(call: &Call, ops: &Ops<T, E>, running: Option<&Record>) -> Result<Outcome<T>, Error> {
    let make = ops.skipped.ok_or_else(|| {
        Error::Config(format!(
            "task `{}` skips while another call runs, and has no value to answer with: give `skip_with` one",
            call.key.task()
        ))
    })?;
    let mut info = CallInfo::unrecorded(call.key.clone());
    if let Some(record) = running {
        info.attempt = record.attempt;
        info.fence = Some(record.fence);
        info.created_at = Some(record.created_at);
    }
    Ok(Outcome::Skipped { value: make(), call: info })
}

/// A record that refuses the call.
pub(crate) fn refusal(key: &Key, record: &Record) -> Error {
    let at = At::new(key);
    let message = || record.error.as_deref().unwrap_or("no reason was kept").to_owned();
    match record.state {
        State::Failed => {
            let (failed_at, retry_at) = (record.updated_at, record.retry_at);
            Error::PriorFailure { at, message: message(), attempt: record.attempt, failed_at, retry_at }
        }
        State::Cancelled => Error::Cancelled { at, effect: false },
        _ => match record.max_attempts.filter(|max| record.attempt >= *max) {
            Some(max) => {
                let message =
                    format!("its attempts are used up ({} of {max}); the last: {}", record.attempt, message());
                Error::OutcomeUnknown { at, message }
            }
            None => Error::OutcomeUnknown { at, message: message() },
        },
    }
}
