//! A record as the bytes of one key, and back. Reading never panics and never guesses.
//!
//! A header of fixed offsets, which scripts compare, and parts with their length before them. What time bears on is not
//! here: until when a claim is held is the key's own time to live.

use std::sync::Arc;
use std::time::Duration;

use super::fault::corrupt;
use super::reader::Reader;
use crate::clock::Timestamp;
use crate::key::{Fingerprint, Key};
use crate::policy::{OnStale, Retention};
use crate::record::{Holder, Owner, RECORD_FORMAT, Record, State, StoredResult};
use crate::store::StoreError;

const MAGIC: [u8; 4] = *b"idem";

/// Up to here a claim says itself which running record is its own: magic, format, state, owner, attempt.
pub(super) const SETTLES: usize = 27;

/// Fence, time of creation and longest lease, which are kept when a claim is settled.
pub(super) const KEPT: std::ops::Range<usize> = 27..51;

/// The byte of the state, the last that tells what a record is.
pub(super) const STATE: usize = 6;

/// Where scripts find the length of the whole value.
pub(super) const LENGTH: std::ops::Range<usize> = 59..63;

/// A key that is not there ends at this, in the server's words.
pub(super) const ABSENT: i64 = -2;

/// Evidence that must not run out is kept this long beyond the lease. More would overflow the server's arithmetic.
pub(super) const FOREVER_MS: u64 = 100 * 365 * 86_400_000;

/// No longest lease, retention or grace beyond this: 200 years, in microseconds.
const LONGEST_MICROS: u64 = 2 * FOREVER_MS * 1_000;

pub(super) const PARK: u8 = 1;
const HAS_MAX_ATTEMPTS: u8 = 2;
const HAS_GRACE: u8 = 4;
const HAS_RETRY_AT: u8 = 8;
const HAS_COMPLETED_AT: u8 = 16;
const RECONCILE: u8 = 32;
const ALL_FLAGS: u8 = 63;

/// A value and how long its key lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    /// Milliseconds from now; none is for ever, and what is over at once is not kept.
    pub(crate) ttl: Option<u64>,
}

/// What a record begins with: in which state it is, and whose.
pub(super) fn head(owner: Owner, state: State) -> Vec<u8> {
    [&MAGIC[..], &state.format().to_be_bytes(), &[number_of(state)], owner.as_bytes()].concat()
}

/// The bytes of a record and its key's time to live, counted from `now`.
pub(crate) fn encode(record: &Record, now: Timestamp) -> Encoded {
    let (ttl, linger) = times(record, now);
    let mut flags = 0;
    let mut flag = |bit, set| flags |= if set { bit } else { 0 };
    flag(PARK, record.on_stale == OnStale::Park);
    flag(RECONCILE, record.on_stale == OnStale::Reconcile);
    flag(HAS_MAX_ATTEMPTS, record.max_attempts.is_some());
    flag(HAS_GRACE, record.grace != Retention::Forever);
    flag(HAS_RETRY_AT, record.retry_at.is_some());
    flag(HAS_COMPLETED_AT, record.completed_at.is_some());
    let label = record.key.to_string();
    let mut bytes = Vec::with_capacity(192 + label.len() + result_len(record));
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&record.format.to_be_bytes());
    bytes.push(number_of(record.state));
    bytes.extend_from_slice(record.owner.as_bytes());
    bytes.extend_from_slice(&record.attempt.to_be_bytes());
    bytes.extend_from_slice(&record.fence.to_be_bytes());
    bytes.extend_from_slice(&record.created_at.as_micros().to_be_bytes());
    bytes.extend_from_slice(&micros(record.longest_lease).to_be_bytes());
    bytes.extend_from_slice(&linger.to_be_bytes());
    bytes.extend_from_slice(&[0; 4]); // the length, written last
    bytes.push(flags);
    bytes.extend_from_slice(&record.updated_at.as_micros().to_be_bytes());
    bytes.extend_from_slice(&record.max_attempts.unwrap_or(0).to_be_bytes());
    let grace = match record.grace {
        Retention::For(grace) => micros(grace),
        Retention::Forever => 0,
    };
    bytes.extend_from_slice(&grace.to_be_bytes());
    bytes.extend_from_slice(&record.retry_at.map_or(0, Timestamp::as_micros).to_be_bytes());
    bytes.extend_from_slice(&record.completed_at.map_or(0, Timestamp::as_micros).to_be_bytes());
    bytes.extend_from_slice(&record.holder.process.to_be_bytes());
    part(&mut bytes, label.as_bytes());
    part(&mut bytes, record.holder.host.as_bytes());
    part_or_none(&mut bytes, record.holder.trace.as_deref().map(str::as_bytes));
    part_or_none(&mut bytes, record.fingerprint.as_ref().map(Fingerprint::bytes));
    part_or_none(&mut bytes, record.error.as_deref().map(str::as_bytes));
    match &record.result {
        None => bytes.push(0),
        Some(StoredResult::Envelope(envelope)) => {
            bytes.push(1);
            part(&mut bytes, envelope);
        }
        Some(StoredResult::Absent(reason)) => {
            bytes.push(2);
            part(&mut bytes, reason.as_bytes());
        }
    }
    let length = length(bytes.len());
    bytes[LENGTH].copy_from_slice(&length);
    Encoded { bytes, ttl }
}

/// Reads a record: its bytes, and when the server says that its key ends, in milliseconds since 1970 (−1: never).
///
/// # Errors
/// [`StoreError::NewerFormat`], whatever else the bytes say; [`StoreError::Corrupt`] where they make no sense.
pub(crate) fn decode(digest: &[u8; 32], bytes: &[u8], ends: i64) -> Result<Record, StoreError> {
    let mut reader = Reader::new(digest, bytes);
    if reader.array("magic")? != MAGIC {
        return Err(corrupt(digest, "magic: these are no bytes of a record"));
    }
    // First of all: another format may mean anything by its other bytes.
    let format = u16::from_be_bytes(reader.array("format")?);
    if format > RECORD_FORMAT {
        let key = super::fault::hex(digest);
        return Err(StoreError::NewerFormat { key, found: format, known: RECORD_FORMAT });
    }
    let state = state_of(reader.byte("state")?).ok_or_else(|| corrupt(digest, "state: no such state"))?;
    let owner = Owner::from_bytes(reader.array("owner")?);
    let attempt = u32::from_be_bytes(reader.array("attempt")?);
    let fence = u64::from_be_bytes(reader.array("fence")?);
    let created_at = reader.time("created_at")?;
    let longest_lease = reader.duration("longest_lease")?;
    let linger = u64::from_be_bytes(reader.array("linger")?);
    if u32::from_be_bytes(reader.array("length")?) as usize != bytes.len() {
        return Err(corrupt(digest, "length: bytes are missing, or there are too many"));
    }
    let flags = reader.byte("flags")?;
    if flags & !ALL_FLAGS != 0 {
        return Err(corrupt(digest, "flags: unknown ones"));
    }
    let where_set = |bit| flags & bit != 0;
    let updated_at = reader.time("updated_at")?;
    let max_attempts = u32::from_be_bytes(reader.array("max_attempts")?);
    let grace = reader.duration("grace")?;
    let retry_at = reader.time("retry_at")?;
    let completed_at = reader.time("completed_at")?;
    let process = u32::from_be_bytes(reader.array("process")?);
    let key = Key::from_record(*digest, reader.text("label")?);
    let mut record = Record::new(key.map_err(|error| reader.corrupt("label", error))?, owner, created_at);
    let host = reader.text("host")?.to_owned();
    let trace = reader.text_or_none("trace")?.map(str::to_owned);
    record.holder = Arc::new(Holder { host, process, trace });
    record.fingerprint = match reader.part_or_none("fingerprint")? {
        None => None,
        Some(bytes) => Some(Fingerprint::from_bytes(bytes).map_err(|error| reader.corrupt("fingerprint", error))?),
    };
    record.error = reader.text_or_none("error")?.map(Arc::from);
    record.result = match reader.byte("result")? {
        0 => None,
        1 => Some(StoredResult::Envelope(reader.part("result")?.into())),
        2 => Some(StoredResult::Absent(reader.text("result")?.into())),
        _ => return Err(corrupt(digest, "result: no such kind")),
    };
    reader.end()?;
    if state == State::Completed && record.result.is_none() {
        return Err(corrupt(digest, "result: a completed record has none"));
    }
    (record.state, record.attempt, record.fence) = (state, attempt, fence);
    record.longest_lease = longest_lease;
    record.on_stale = match (where_set(PARK), where_set(RECONCILE)) {
        (false, false) => OnStale::Rerun,
        (true, false) => OnStale::Park,
        (false, true) => OnStale::Reconcile,
        (true, true) => return Err(corrupt(digest, "flags: two policies for an owner that is gone")),
    };
    record.max_attempts = where_set(HAS_MAX_ATTEMPTS).then_some(max_attempts);
    record.grace = if where_set(HAS_GRACE) { Retention::For(grace) } else { Retention::Forever };
    record.retry_at = where_set(HAS_RETRY_AT).then_some(retry_at);
    record.completed_at = where_set(HAS_COMPLETED_AT).then_some(completed_at);
    (record.updated_at, record.format) = (updated_at, format);
    set_times(&mut record, linger, ends);
    Ok(record)
}

/// The state in a header of a format that is known; none where it is not one.
pub(crate) fn state(head: &[u8]) -> Option<State> {
    let rest = head.strip_prefix(&MAGIC)?;
    let (format, rest) = rest.split_first_chunk()?;
    (u16::from_be_bytes(*format) <= RECORD_FORMAT).then_some(())?;
    state_of(*rest.first()?)
}

/// The fence of a value that does not read otherwise.
pub(crate) fn fence(bytes: &[u8]) -> Option<u64> {
    let fence = bytes.strip_prefix(&MAGIC)?.get(KEPT.start - MAGIC.len()..)?.first_chunk()?;
    Some(u64::from_be_bytes(*fence))
}

/// Puts what was kept of a claim's record into the record that replaces it.
pub(super) fn keep(record: &mut Record, kept: [u8; 24]) {
    let [fence, created_at, longest_lease] = [0, 8, 16].map(|at| {
        let mut number = [0; 8];
        number.copy_from_slice(&kept[at..at + 8]);
        number
    });
    record.fence = u64::from_be_bytes(fence);
    record.created_at = Timestamp::from_micros(i64::from_be_bytes(created_at));
    record.longest_lease = Duration::from_micros(u64::from_be_bytes(longest_lease));
}

/// The record's lease and end, where the server says when the key ends. A record that was over at once has no key.
pub(super) fn set_times(record: &mut Record, linger: u64, ends: i64) {
    if ends == ABSENT {
        return;
    }
    let end = (ends >= 0).then(|| Timestamp::from_micros(ends.saturating_mul(1_000)));
    (record.lease_until, record.expires_at) = match record.state {
        State::Running => {
            let linger_micros = i64::try_from(linger.saturating_mul(1_000)).unwrap_or(i64::MAX);
            let lease = end.map(|end| Timestamp::from_micros(end.as_micros().saturating_sub(linger_micros)));
            (lease, end.filter(|_| linger < FOREVER_MS))
        }
        _ => (None, end),
    };
}

/// How long the key lives from `now`, and how much of that follows the lease, in milliseconds.
fn times(record: &Record, now: Timestamp) -> (Option<u64>, u64) {
    let left = |until: Timestamp| millis(until.since(now)).min(FOREVER_MS);
    if record.state != State::Running {
        return (record.expires_at.map(left), 0);
    }
    let Some(until) = record.lease_until else { return (None, FOREVER_MS) };
    let linger = record.expires_at.map_or(FOREVER_MS, |end| millis(end.since(until)).min(FOREVER_MS));
    (Some(left(until).max(1) + linger), linger)
}

/// Up, so that nothing ends before its time.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// As a value holds it.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).min(LONGEST_MICROS)
}

/// A value that does not fit is refused by the server long before: 512 MB is its limit.
fn length(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes()
}

fn part(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&length(part.len()));
    bytes.extend_from_slice(part);
}

fn part_or_none(bytes: &mut Vec<u8>, optional: Option<&[u8]>) {
    bytes.push(u8::from(optional.is_some()));
    if let Some(some) = optional {
        part(bytes, some);
    }
}

fn result_len(record: &Record) -> usize {
    match &record.result {
        Some(StoredResult::Envelope(bytes)) => bytes.len(),
        _ => 0,
    }
}

const STATES: [(State, u8); 8] = [
    (State::Running, 1),
    (State::Retryable, 2),
    (State::Completed, 3),
    (State::Failed, 4),
    (State::Parked, 5),
    (State::Cancelled, 6),
    (State::Cleared, 7),
    (State::Pending, 8),
];

fn number_of(state: State) -> u8 {
    STATES.iter().find(|(known, _)| *known == state).map_or(0, |(_, number)| *number)
}

fn state_of(number: u8) -> Option<State> {
    STATES.iter().find(|(_, known)| *known == number).map(|(state, _)| *state)
}
