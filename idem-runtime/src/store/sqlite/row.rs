//! A record as a row, and back. Reading never panics and never guesses: a row that is not understood is an error.

use std::sync::Arc;
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Decode, Row, Type, ValueRef};

use super::fault::hex;
use crate::clock::Timestamp;
use crate::key::{Fingerprint, Key};
use crate::policy::{OnStale, Retention};
use crate::record::{Holder, Owner, RECORD_FORMAT, Record, State, StoredResult};
use crate::store::StoreError;

/// A statement that reads whole rows; `task`, `version` and `scope_label` are for operators, the label says them too.
macro_rules! select {
    ($before:literal, $after:literal) => {
        $crate::store::sqlite::row::select!($before, "result", $after)
    };
    ($before:literal, $result:literal, $after:literal) => {
        concat!(
            $before,
            "SELECT key, label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace,
                on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, ",
            $result,
            " FROM idem_records",
            $after
        )
    };
}

/// The statement that writes a row. A key that was read from its text may show its task abbreviated: the longer name stays.
macro_rules! upsert {
    ($after:literal) => {
        concat!(
            "INSERT INTO idem_records (key, label, task, version, scope_label, state, owner, fence, attempt, lease_until,
                longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at,
                updated_at, completed_at, expires_at, format, no_result, result)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
                ?24, ?25, ?26, ?27)
             ON CONFLICT (key) DO UPDATE SET
                label = excluded.label,
                task = CASE WHEN octet_length(excluded.task) > octet_length(task) THEN excluded.task ELSE task END,
                state = excluded.state, owner = excluded.owner, fence = excluded.fence, attempt = excluded.attempt,
                lease_until = excluded.lease_until, longest_lease = excluded.longest_lease,
                fingerprint = excluded.fingerprint, host = excluded.host, process = excluded.process, trace = excluded.trace,
                on_stale = excluded.on_stale, max_attempts = excluded.max_attempts, grace = excluded.grace,
                error = excluded.error, retry_at = excluded.retry_at, created_at = excluded.created_at,
                updated_at = excluded.updated_at, completed_at = excluded.completed_at, expires_at = excluded.expires_at,
                format = excluded.format, no_result = excluded.no_result, result = excluded.result",
            $after
        )
    };
}

pub(super) use {select, upsert};

pub(super) const SELECT_ONE: &str = select!("", " WHERE key = ?1");
pub(super) const UPSERT: &str = upsert!("");

type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Gives an upsert its row.
///
/// # Errors
/// [`StoreError::Corrupt`] for a fence that no clock gives: the column is signed.
pub(super) fn bind<'q>(upsert: Bound<'q>, record: &Record) -> Result<Bound<'q>, StoreError> {
    let key = &record.key;
    let fence = i64::try_from(record.fence).map_err(|_| {
        let reason = format!("its fence would be {}, more than microseconds reach", record.fence);
        StoreError::Corrupt { key: hex(key.digest()), reason }
    })?;
    let (no_result, result) = match &record.result {
        None => (None, None),
        Some(StoredResult::Absent(reason)) => (Some(&**reason), None),
        Some(StoredResult::Envelope(bytes)) => (None, Some(&**bytes)),
    };
    let upsert = upsert
        .bind(key.digest().as_slice())
        .bind(key.to_string())
        .bind(key.task())
        .bind(key.version())
        .bind(key.scope_label())
        .bind(record.state.as_str())
        .bind(record.owner.as_bytes().as_slice())
        .bind(fence)
        .bind(record.attempt)
        .bind(record.lease_until.map(Timestamp::as_micros))
        .bind(micros(record.longest_lease))
        .bind(record.fingerprint.as_ref().map(Fingerprint::bytes))
        .bind(record.holder.host.as_str())
        .bind(record.holder.process)
        .bind(record.holder.trace.as_deref());
    Ok(upsert
        .bind(on_stale_name(record.on_stale))
        .bind(record.max_attempts)
        .bind(match record.grace {
            Retention::For(grace) => Some(micros(grace)),
            Retention::Forever => None,
        })
        .bind(record.error.as_deref())
        .bind(record.retry_at.map(Timestamp::as_micros))
        .bind(record.created_at.as_micros())
        .bind(record.updated_at.as_micros())
        .bind(record.completed_at.map(Timestamp::as_micros))
        .bind(record.expires_at.map(Timestamp::as_micros))
        .bind(record.format)
        .bind(no_result)
        .bind(result))
}

/// Reads a row.
///
/// # Errors
/// [`StoreError::NewerFormat`], whatever else the row says; [`StoreError::Corrupt`] where it makes no sense.
pub(super) fn decode(row: &SqliteRow) -> Result<Record, StoreError> {
    let digest = row.try_get::<&[u8], _>("key").unwrap_or_default();
    let reader = Reader { row, key: digest };
    // First of all: another format may mean anything by its other columns.
    let format: u16 = reader.number("format")?;
    if format > RECORD_FORMAT {
        return Err(StoreError::NewerFormat { key: hex(digest), found: format, known: RECORD_FORMAT });
    }
    let digest = reader.array("key")?;
    let key = Key::from_record(digest, reader.get("label")?).map_err(|error| reader.corrupt("label", error))?;
    let owner = Owner::from_bytes(reader.array("owner")?);
    let mut record = Record::new(key, owner, reader.time("created_at")?);
    let state: &str = reader.get("state")?;
    record.state = State::from_name(state).ok_or_else(|| reader.corrupt("state", "no such state"))?;
    record.fence = reader.number("fence")?;
    record.attempt = reader.number("attempt")?;
    record.lease_until = reader.time_or_none("lease_until")?;
    record.longest_lease = Duration::from_micros(reader.number("longest_lease")?);
    record.fingerprint = match reader.get_or_none::<&[u8]>("fingerprint")? {
        None => None,
        Some(bytes) => Some(Fingerprint::from_bytes(bytes).map_err(|error| reader.corrupt("fingerprint", error))?),
    };
    record.holder = Arc::new(reader.holder()?);
    record.on_stale = on_stale(reader.get("on_stale")?).ok_or_else(|| reader.corrupt("on_stale", "no such policy"))?;
    record.max_attempts = reader.number_or_none("max_attempts")?;
    let grace = reader.number_or_none("grace")?;
    record.grace = grace.map_or(Retention::Forever, |grace| Retention::For(Duration::from_micros(grace)));
    record.error = reader.get_or_none::<&str>("error")?.map(Arc::from);
    record.retry_at = reader.time_or_none("retry_at")?;
    record.updated_at = reader.time("updated_at")?;
    record.completed_at = reader.time_or_none("completed_at")?;
    record.expires_at = reader.time_or_none("expires_at")?;
    record.format = format;
    record.result = reader.result(record.state)?;
    Ok(record)
}

/// The fence of a row that does not read otherwise.
pub(super) fn fence(row: &SqliteRow) -> Option<u64> {
    u64::try_from(row.try_get::<i64, _>("fence").ok()?).ok()
}

struct Reader<'r> {
    row: &'r SqliteRow,
    key: &'r [u8],
}

impl<'r> Reader<'r> {
    fn corrupt(&self, column: &str, reason: impl std::fmt::Display) -> StoreError {
        StoreError::Corrupt { key: hex(self.key), reason: format!("column `{column}`: {reason}") }
    }

    /// A column that may be null. Nothing is converted: what has another type than it should is damage.
    fn get_or_none<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, column: &str) -> Result<Option<T>, StoreError> {
        let raw = self.row.try_get_raw(column).map_err(|error| self.corrupt(column, error))?;
        if raw.is_null() {
            return Ok(None);
        }
        let (found, expected) = (raw.type_info(), T::type_info());
        if *found != expected {
            return Err(self.corrupt(column, format_args!("{found} where {expected} was written")));
        }
        T::decode(raw).map(Some).map_err(|error| self.corrupt(column, error))
    }

    /// A column that is never null; the driver alone would read nothing as zero.
    fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, column: &str) -> Result<T, StoreError> {
        self.get_or_none(column)?.ok_or_else(|| self.corrupt(column, "it is null"))
    }

    fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, StoreError> {
        self.number_or_none(column)?.ok_or_else(|| self.corrupt(column, "it is null"))
    }

    fn number_or_none<T: TryFrom<i64>>(&self, column: &str) -> Result<Option<T>, StoreError> {
        let Some(number) = self.get_or_none::<i64>(column)? else { return Ok(None) };
        T::try_from(number).map(Some).map_err(|_| self.corrupt(column, format_args!("{number} is out of range")))
    }

    fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        self.get(column).map(Timestamp::from_micros)
    }

    fn time_or_none(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get_or_none(column)?.map(Timestamp::from_micros))
    }

    fn array<const N: usize>(&self, column: &str) -> Result<[u8; N], StoreError> {
        let bytes: &[u8] = self.get(column)?;
        let length = |_| self.corrupt(column, format_args!("{} bytes, not {N}", bytes.len()));
        bytes.try_into().map_err(length)
    }

    fn holder(&self) -> Result<Holder, StoreError> {
        let trace = self.get_or_none::<&str>("trace")?.map(str::to_owned);
        Ok(Holder { host: self.get("host")?, process: self.number("process")?, trace })
    }

    fn result(&self, state: State) -> Result<Option<StoredResult>, StoreError> {
        let bytes: Option<&[u8]> = self.get_or_none("result")?;
        let reason: Option<&str> = self.get_or_none("no_result")?;
        match (bytes, reason) {
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
    }
}

fn on_stale(name: &str) -> Option<OnStale> {
    [OnStale::Rerun, OnStale::Park].into_iter().find(|policy| on_stale_name(*policy) == name)
}

/// Saturates at 292,000 years.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
