//! Reading records.

use std::sync::Arc;

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};

use super::Inner;
use super::row::{self, SELECT_ONE};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{RECORD_FORMAT, Record, Status};
use crate::store::{ListQuery, StoreError};

/// A row of a newer format is read, and refused: its own idea of its end is not known here.
const SELECT_PAGE: &str = row::select!(
    "",
    " WHERE key > ?1 AND (?2 IS NULL OR task = ?2) AND (?3 IS NULL OR state = ?3)
       AND (expires_at IS NULL OR expires_at > ?4 OR format > ?5)
     ORDER BY key LIMIT ?6"
);

impl Inner {
    /// The record of a key and a time at which it stood so, without a lock.
    pub(super) async fn read(&self, key: &Key) -> Result<(Option<Record>, Timestamp), StoreError> {
        let mut reader = self.readers.take(&self.database).await?;
        loop {
            let now = self.database.now();
            let select = sqlx::query(SELECT_ONE).bind(key.digest().as_slice());
            match select.fetch_optional(&mut reader.connection).await {
                Ok(row) => {
                    reader.give_back();
                    return Ok((row.as_ref().map(row::decode).transpose()?, now));
                }
                Err(error) if reader.patience.allows(&error) => {}
                Err(error) => return Err(self.database.fault(error)),
            }
        }
    }

    pub(super) async fn get(&self, key: &Key) -> Result<Option<Arc<Record>>, StoreError> {
        let (record, now) = self.read(key).await?;
        Ok(record.filter(|record| record.status(now) != Status::Absent).map(Arc::new))
    }

    pub(super) async fn list(&self, query: &ListQuery) -> Result<Vec<Arc<Record>>, StoreError> {
        let after = query.after.as_ref().map_or(&[][..], |digest| digest.as_slice());
        let select = |now: Timestamp| {
            sqlx::query(SELECT_PAGE)
                .bind(after)
                .bind(query.task.as_deref())
                .bind(query.state.map(|state| state.as_str()))
                .bind(now.as_micros())
                .bind(i64::from(RECORD_FORMAT))
                .bind(i64::try_from(query.page()).unwrap_or(i64::MAX))
        };
        let rows = self.read_many(select).await?;
        rows.iter().map(|row| row::decode(row).map(Arc::new)).collect()
    }

    /// Rows, without a lock.
    pub(super) async fn read_many<'q>(
        &self,
        select: impl Fn(Timestamp) -> Query<'q, Sqlite, SqliteArguments> + Send,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let mut reader = self.readers.take(&self.database).await?;
        loop {
            let select = select(self.database.now());
            match select.fetch_all(&mut reader.connection).await {
                Ok(rows) => {
                    reader.give_back();
                    return Ok(rows);
                }
                Err(error) if reader.patience.allows(&error) => {}
                Err(error) => return Err(self.database.fault(error)),
            }
        }
    }
}
