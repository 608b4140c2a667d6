//! A record as a row, and back, for every SQL database. Reading never panics and never guesses: a row that is not
//! understood is an error.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::error::BoxDynError;

use crate::clock::Timestamp;
use crate::key::{Fingerprint, Key};
use crate::policy::{OnStale, Retention};
use crate::record::{Holder, Owner, RECORD_FORMAT, Record, State, StoredResult};
use crate::store::StoreError;
use crate::transition::MIN_GRACE;

/// The columns that a record is read from, but for `result`, which some statements do not read whole. `task`, `version`
/// and `scope_label` are for operators; the label says them too.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
macro_rules! columns {
    () => {
        "key, label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace,
            on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result"
    };
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use columns;

/// The columns of a row, in the order in which [`write`] gives them.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) const WRITTEN: [&str; 27] = [
    "key",
    "label",
    "task",
    "version",
    "scope_label",
    "state",
    "owner",
    "fence",
    "attempt",
    "lease_until",
    "longest_lease",
    "fingerprint",
    "host",
    "process",
    "trace",
    "on_stale",
    "max_attempts",
    "grace",
    "error",
    "retry_at",
    "created_at",
    "updated_at",
    "completed_at",
    "expires_at",
    "format",
    "no_result",
    "result",
];

/// The arguments of a statement, which take the values of a row one after the other.
pub(crate) trait Sink {
    fn number(&mut self, value: Option<i64>) -> Result<(), BoxDynError>;
    fn text(&mut self, value: Option<&str>) -> Result<(), BoxDynError>;
    fn bytes(&mut self, value: Option<&[u8]>) -> Result<(), BoxDynError>;
}

/// Gives a statement the row of a record, as its first 27 arguments.
///
/// # Errors
/// [`StoreError::Corrupt`] for a fence that no clock gives: the column is signed.
pub(crate) fn write(record: &Record, to: &mut impl Sink) -> Result<(), StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { key: hex(record.key.digest()), reason };
    let fence = i64::try_from(record.fence)
        .map_err(|_| corrupt(format!("its fence would be {}, more than microseconds reach", record.fence)))?;
    write_values(record, fence, to).map_err(|error| corrupt(format!("it cannot be written: {error}")))
}

fn write_values(record: &Record, fence: i64, to: &mut impl Sink) -> Result<(), BoxDynError> {
    let key = &record.key;
    let time = |time: Option<Timestamp>| time.map(Timestamp::as_micros);
    to.bytes(Some(key.digest()))?;
    to.text(Some(&key.to_string()))?;
    to.text(Some(key.task()))?;
    to.number(Some(key.version().into()))?;
    to.text(key.scope_label().as_deref())?;
    to.text(Some(record.state.as_str()))?;
    to.bytes(Some(record.owner.as_bytes()))?;
    to.number(Some(fence))?;
    to.number(Some(record.attempt.into()))?;
    to.number(time(record.lease_until))?;
    to.number(Some(micros(record.longest_lease)))?;
    to.bytes(record.fingerprint.as_ref().map(Fingerprint::bytes))?;
    to.text(Some(&record.holder.host))?;
    to.number(Some(record.holder.process.into()))?;
    to.text(record.holder.trace.as_deref())?;
    to.text(Some(on_stale_name(record.on_stale)))?;
    to.number(record.max_attempts.map(i64::from))?;
    to.number(match record.grace {
        Retention::For(grace) => Some(micros(grace)),
        Retention::Forever => None,
    })?;
    to.text(record.error.as_deref())?;
    to.number(time(record.retry_at))?;
    to.number(Some(record.created_at.as_micros()))?;
    to.number(Some(record.updated_at.as_micros()))?;
    to.number(time(record.completed_at))?;
    to.number(time(record.expires_at))?;
    to.number(Some(record.format.into()))?;
    let (no_result, result) = match &record.result {
        None => (None, None),
        Some(StoredResult::Absent(reason)) => (Some(&**reason), None),
        Some(StoredResult::Envelope(bytes)) => (None, Some(&**bytes)),
    };
    to.text(no_result)?;
    to.bytes(result)
}

/// A row by its columns. Nothing is converted: what has another type than it should is damage, and the error says so.
pub(crate) trait Columns {
    fn number(&self, column: &'static str) -> Result<Option<i64>, BoxDynError>;
    fn text(&self, column: &'static str) -> Result<Option<&str>, BoxDynError>;
    fn bytes(&self, column: &'static str) -> Result<Option<&[u8]>, BoxDynError>;
}

/// Reads a row.
///
/// # Errors
/// [`StoreError::NewerFormat`], whatever else the row says; [`StoreError::Corrupt`] where it makes no sense.
pub(crate) fn decode(row: &impl Columns) -> Result<Record, StoreError> {
    let digest = row.bytes("key").ok().flatten().unwrap_or_default();
    let reader = Reader { row, key: digest };
    // First of all: another format may mean anything by its other columns.
    let format: u16 = reader.number("format")?;
    if format > RECORD_FORMAT {
        return Err(StoreError::NewerFormat { key: hex(digest), found: format, known: RECORD_FORMAT });
    }
    let digest = reader.array("key")?;
    let key = Key::from_record(digest, reader.text("label")?).map_err(|error| reader.corrupt("label", error))?;
    let owner = Owner::from_bytes(reader.array("owner")?);
    let mut record = Record::new(key, owner, reader.time("created_at")?);
    let state = reader.text("state")?;
    record.state = State::from_name(state).ok_or_else(|| reader.corrupt("state", "no such state"))?;
    record.fence = reader.number("fence")?;
    record.attempt = reader.number("attempt")?;
    record.lease_until = reader.time_or_none("lease_until")?;
    record.longest_lease = Duration::from_micros(reader.number("longest_lease")?);
    record.fingerprint = match reader.bytes_or_none("fingerprint")? {
        None => None,
        Some(bytes) => Some(Fingerprint::from_bytes(bytes).map_err(|error| reader.corrupt("fingerprint", error))?),
    };
    record.holder = Arc::new(reader.holder()?);
    record.on_stale = on_stale(reader.text("on_stale")?).ok_or_else(|| reader.corrupt("on_stale", "no such policy"))?;
    record.max_attempts = reader.number_or_none("max_attempts")?;
    let grace = reader.number_or_none("grace")?;
    record.grace = grace.map_or(Retention::Forever, |grace| Retention::For(Duration::from_micros(grace)));
    record.error = reader.text_or_none("error")?.map(Arc::from);
    record.retry_at = reader.time_or_none("retry_at")?;
    record.updated_at = reader.time("updated_at")?;
    record.completed_at = reader.time_or_none("completed_at")?;
    record.expires_at = reader.time_or_none("expires_at")?;
    record.format = format;
    record.result = reader.result(record.state)?;
    Ok(record)
}

/// The fence of a row that does not read otherwise.
pub(crate) fn fence(row: &impl Columns) -> Option<u64> {
    u64::try_from(row.number("fence").ok()??).ok()
}

/// What an operator's clearing by force is applied to, in place of a row that does not read (STORE-8): the tombstone
/// keeps what every tombstone does, that a late completion does not write over it.
pub(crate) fn stand_in(key: &Key, fence: Option<u64>, now: Timestamp) -> Record {
    let mut stand_in = Record::new(key.clone(), Owner::NOBODY, now);
    stand_in.fence = fence.unwrap_or(0).max(u64::try_from(now.as_micros()).unwrap_or(0));
    stand_in.longest_lease = MIN_GRACE;
    stand_in
}

/// A digest as messages and operators write it.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Saturates at 292,000 years.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

struct Reader<'r, R> {
    row: &'r R,
    key: &'r [u8],
}

impl<'r, R: Columns> Reader<'r, R> {
    fn corrupt(&self, column: &str, reason: impl fmt::Display) -> StoreError {
        StoreError::Corrupt { key: hex(self.key), reason: format!("column `{column}`: {reason}") }
    }

    /// A column that is never null; a driver alone might read nothing as zero.
    fn there<T>(&self, column: &str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.corrupt(column, "it is null"))
    }

    fn text(&self, column: &'static str) -> Result<&'r str, StoreError> {
        self.there(column, self.text_or_none(column)?)
    }

    fn text_or_none(&self, column: &'static str) -> Result<Option<&'r str>, StoreError> {
        self.row.text(column).map_err(|error| self.corrupt(column, error))
    }

    fn bytes_or_none(&self, column: &'static str) -> Result<Option<&'r [u8]>, StoreError> {
        self.row.bytes(column).map_err(|error| self.corrupt(column, error))
    }

    fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.there(column, self.number_or_none(column)?)
    }

    fn number_or_none<T: TryFrom<i64>>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let number = self.row.number(column).map_err(|error| self.corrupt(column, error))?;
        let Some(number) = number else { return Ok(None) };
        T::try_from(number).map(Some).map_err(|_| self.corrupt(column, format_args!("{number} is out of range")))
    }

    fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.number(column).map(Timestamp::from_micros)
    }

    fn time_or_none(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.number_or_none(column)?.map(Timestamp::from_micros))
    }

    fn array<const N: usize>(&self, column: &'static str) -> Result<[u8; N], StoreError> {
        let bytes = self.there(column, self.bytes_or_none(column)?)?;
        let length = |_| self.corrupt(column, format_args!("{} bytes, not {N}", bytes.len()));
        bytes.try_into().map_err(length)
    }

    fn holder(&self) -> Result<Holder, StoreError> {
        let trace = self.text_or_none("trace")?.map(str::to_owned);
        Ok(Holder { host: self.text("host")?.to_owned(), process: self.number("process")?, trace })
    }

    fn result(&self, state: State) -> Result<Option<StoredResult>, StoreError> {
        match (self.bytes_or_none("result")?, self.text_or_none("no_result")?) {
            (Some(_), Some(_)) => Err(self.corrupt("no_result", "there is a result all the same")),
            (Some(bytes), None) => Ok(Some(StoredResult::Envelope(bytes.into()))),
            (None, Some(reason)) => Ok(Some(StoredResult::Absent(reason.into()))),
            (None, None) if state == State::Completed => Err(self.corrupt("result", "a completed record has none")),
            (None, None) => Ok(None),
        }
    }
}

fn on_stale_name(policy: OnStale) -> &'static str {
    match policy {
        OnStale::Rerun => "rerun",
        OnStale::Park => "park",
        OnStale::Reconcile => "reconcile",
    }
}

fn on_stale(name: &str) -> Option<OnStale> {
    [OnStale::Rerun, OnStale::Park, OnStale::Reconcile].into_iter().find(|policy| on_stale_name(*policy) == name)
}
