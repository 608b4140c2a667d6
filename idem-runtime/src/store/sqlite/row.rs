//! The row of a record in SQLite: its statements, and the strictness of its reading.

use sqlx::error::BoxDynError;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Arguments, Decode, Row, Type, ValueRef};

use crate::record::Record;
use crate::store::StoreError;
use crate::store::sql::row::{self, Columns, Sink};

pub(super) use crate::store::sql::row::{decode, fence};

/// A statement that reads whole rows.
macro_rules! select {
    ($before:literal, $after:literal) => {
        $crate::store::sqlite::row::select!($before, "result", $after)
    };
    ($before:literal, $result:literal, $after:literal) => {
        concat!($before, "SELECT ", $crate::store::sql::row::columns!(), ", ", $result, " FROM idem_records", $after)
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

/// Gives an upsert its row.
///
/// # Errors
/// As [`row::write`].
pub(super) fn bind(
    upsert: &'static str,
    record: &Record,
) -> Result<Query<'static, Sqlite, SqliteArguments>, StoreError> {
    let mut arguments = SqliteArguments::default();
    row::write(record, &mut arguments)?;
    Ok(sqlx::query_with(upsert, arguments))
}

impl Sink for SqliteArguments {
    fn number(&mut self, value: Option<i64>) -> Result<(), BoxDynError> {
        self.add(value)
    }

    fn text(&mut self, value: Option<&str>) -> Result<(), BoxDynError> {
        self.add(value)
    }

    fn bytes(&mut self, value: Option<&[u8]>) -> Result<(), BoxDynError> {
        self.add(value)
    }
}

impl Columns for SqliteRow {
    fn number(&self, column: &'static str) -> Result<Option<i64>, BoxDynError> {
        get(self, column)
    }

    fn text(&self, column: &'static str) -> Result<Option<&str>, BoxDynError> {
        get(self, column)
    }

    fn bytes(&self, column: &'static str) -> Result<Option<&[u8]>, BoxDynError> {
        get(self, column)
    }
}

/// The driver alone would convert: bytes from text, zero from null.
fn get<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(row: &'r SqliteRow, column: &str) -> Result<Option<T>, BoxDynError> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(None);
    }
    let (found, expected) = (raw.type_info(), T::type_info());
    if *found != expected {
        return Err(format!("{found} where {expected} was written").into());
    }
    T::decode(raw).map(Some)
}
