//! Removing what is over, and finding whose owner is gone.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Inner;
use super::row;
use super::writer::Pen;
use crate::clock::Timestamp;
use crate::record::{RECORD_FORMAT, Status};
use crate::store::sql::row::hex;
use crate::store::{StoreError, SweepReport};

/// Rows looked at and removed together: enough to be worth a commit, few enough that nobody waits long for the file.
const BATCH: usize = 500;

/// The most rows of one kind that a report names.
const NAMED: usize = 1_000;

// Whether there is a result is read, not the result.
const SELECT_OVER: &str = row::select!(
    "",
    "CASE typeof(result) WHEN 'blob' THEN x'' END AS result",
    " WHERE expires_at <= ?1 AND (expires_at, key) > (?2, ?3) ORDER BY expires_at, key LIMIT ?4"
);
const SELECT_STALE: &str = row::select!(
    "",
    "CASE typeof(result) WHEN 'blob' THEN x'' END AS result",
    " WHERE state = 'running' AND lease_until <= ?1 AND (expires_at IS NULL OR expires_at > ?1) ORDER BY lease_until LIMIT ?2"
);

/// The row was read without a lock: what was renewed or taken over meanwhile is not over any more.
const DELETE: &str = "DELETE FROM idem_records WHERE key = ?1 AND expires_at <= ?2 AND format <= ?3";

/// Where a look at the expired rows stands.
struct Cursor {
    expired: i64,
    key: Vec<u8>,
}

impl Inner {
    pub(super) async fn sweep(&self, limit: usize) -> Result<SweepReport, StoreError> {
        let mut report = SweepReport::default();
        let mut cursor = Cursor { expired: i64::MIN, key: Vec::new() };
        let mut left = limit;
        while left > 0 {
            let batch = left.min(BATCH);
            let rows = self.over(&cursor, batch).await?;
            let over = rows.iter().filter(|row| readable(row, &mut report));
            let removed = self.remove(over.filter_map(key).collect()).await?;
            report.removed += removed;
            left -= usize::try_from(removed).unwrap_or(left).min(left);
            match rows.last() {
                Some(last) if rows.len() == batch => cursor = self.after(last)?,
                _ => break,
            }
        }
        self.stale(&mut report).await?;
        Ok(report)
    }

    async fn over(&self, cursor: &Cursor, batch: usize) -> Result<Vec<SqliteRow>, StoreError> {
        let select = |now: Timestamp| {
            let select = sqlx::query(SELECT_OVER).bind(now.as_micros()).bind(cursor.expired);
            select.bind(cursor.key.as_slice()).bind(i64::try_from(batch).unwrap_or(i64::MAX))
        };
        self.read_many(select).await
    }

    fn after(&self, last: &SqliteRow) -> Result<Cursor, StoreError> {
        let read = || Ok(Cursor { expired: last.try_get("expires_at")?, key: last.try_get("key")? });
        read().map_err(|error: sqlx::Error| self.database.fault(error))
    }

    async fn remove(&self, keys: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        if keys.is_empty() {
            return Ok(0);
        }
        self.writer.run(move |pen| pen.remove(&keys)).await
    }

    async fn stale(&self, report: &mut SweepReport) -> Result<(), StoreError> {
        let limit = i64::try_from(NAMED).unwrap_or(i64::MAX);
        let rows = self.read_many(|now| sqlx::query(SELECT_STALE).bind(now.as_micros()).bind(limit)).await?;
        let now = self.database.now();
        for row in &rows {
            match row::decode(row) {
                Ok(record) if record.status(now) == Status::Stale => report.stale.push(record.key),
                Ok(_) => {}
                Err(error) => name(row, &error, report),
            }
        }
        Ok(())
    }
}

impl Pen {
    fn remove(&mut self, keys: &[Vec<u8>]) -> Result<u64, StoreError> {
        let mut connection = self.begin()?;
        let now = self.database.now().as_micros();
        let mut removed = 0;
        for key in keys {
            let delete = sqlx::query(DELETE).bind(key.as_slice()).bind(now).bind(i64::from(RECORD_FORMAT));
            removed += self.sql(delete.execute(&mut connection))?.rows_affected();
        }
        self.end(connection, "COMMIT")?;
        Ok(removed)
    }
}

/// Whether a row may go: one that does not read stays, and is named.
fn readable(row: &SqliteRow, report: &mut SweepReport) -> bool {
    match row::decode(row) {
        Ok(_) => true,
        Err(error) => {
            name(row, &error, report);
            false
        }
    }
}

fn name(row: &SqliteRow, error: &StoreError, report: &mut SweepReport) {
    if report.bad.len() < NAMED {
        report.bad.push((hex(&key(row).unwrap_or_default()), error.to_string()));
    }
}

fn key(row: &SqliteRow) -> Option<Vec<u8>> {
    row.try_get("key").ok()
}
