//! Changing records: read, decide, write, in one `BEGIN IMMEDIATE`.

use sqlx::sqlite::SqliteRow;

use super::lanes::Lane;
use super::row::{self, SELECT_ONE, UPSERT};
use super::Inner;
use crate::claim::{ClearVerdict, RenewRequest, RenewVerdict};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{Owner, Record};
use crate::store::StoreError;
use crate::transition::{self, Change, MIN_GRACE, Step};

/// One trip to the connection's thread for both.
const BEGIN_AND_SELECT: &str = row::select!("BEGIN IMMEDIATE; ", " WHERE key = ?1");
const UPSERT_AND_COMMIT: &str = row::upsert!("; COMMIT");

impl Inner {
    /// Applies a transition to one key. What needs no write, such as the answer to a duplicate, is decided on a plain read.
    pub(super) async fn step<V: Send>(
        &self,
        key: &Key,
        decide: impl Fn(Option<&Record>, Timestamp) -> Step<V> + Send,
    ) -> Result<V, StoreError> {
        let (seen, now) = self.read(key).await?;
        let seen = decide(seen.as_ref(), now);
        if seen.change == Change::Keep {
            return Ok(seen.verdict);
        }
        drop(seen);
        let mut lane = self.writer.take(&self.database).await?;
        let before = self.begin_and_select(&mut lane, key).await?;
        let before = before.as_ref().map(row::decode).transpose()?;
        let Step { change, verdict } = decide(before.as_ref(), self.database.now());
        self.finish(lane, change).await?;
        Ok(verdict)
    }

    /// Forgets a key. By force also one whose record does not read: the tombstone then keeps what every tombstone does, that
    /// a late completion does not write over it.
    pub(super) async fn clear(&self, key: &Key, force: bool) -> Result<ClearVerdict, StoreError> {
        let read = self.step(key, |record, now| transition::clear(record, force, now)).await;
        if !force || !matches!(read, Err(StoreError::Corrupt { .. })) {
            return read;
        }
        let mut lane = self.writer.take(&self.database).await?;
        let Some(row) = self.begin_and_select(&mut lane, key).await? else { return Ok(ClearVerdict::Absent) };
        let now = self.database.now();
        let mut stand_in = Record::new(key.clone(), Owner::from_bytes([0; 16]), now);
        stand_in.fence = row::fence(&row).unwrap_or(0).max(u64::try_from(now.as_micros()).unwrap_or(0));
        stand_in.longest_lease = MIN_GRACE;
        let Step { change, verdict } = match row::decode(&row) {
            Ok(record) => transition::clear(Some(&record), force, now),
            Err(StoreError::Corrupt { .. }) => transition::clear(Some(&stand_in), force, now),
            Err(other) => return Err(other),
        };
        self.finish(lane, change).await?;
        Ok(verdict)
    }

    /// Renews many claims in one transaction; a row that does not read spoils its own answer only.
    pub(super) async fn renew(
        &self,
        requests: &[RenewRequest],
    ) -> Result<Vec<Result<RenewVerdict, StoreError>>, StoreError> {
        let Some((first, rest)) = requests.split_first() else { return Ok(Vec::new()) };
        let mut lane = self.writer.take(&self.database).await?;
        let mut answers = Vec::with_capacity(requests.len());
        let row = self.begin_and_select(&mut lane, &first.key).await?;
        answers.push(self.renew_one(&mut lane, row, first).await?);
        for request in rest {
            let row = self.select(&mut lane, &request.key).await?;
            answers.push(self.renew_one(&mut lane, row, request).await?);
        }
        self.end(lane, "COMMIT").await?;
        Ok(answers)
    }

    async fn renew_one(
        &self,
        lane: &mut Lane<'_>,
        row: Option<SqliteRow>,
        request: &RenewRequest,
    ) -> Result<Result<RenewVerdict, StoreError>, StoreError> {
        let before = match row.as_ref().map(row::decode).transpose() {
            Ok(before) => before,
            Err(error) => return Ok(Err(error)),
        };
        let Step { change, verdict } = transition::renew(before.as_ref(), request, self.database.now());
        if let Change::Put(record) = change {
            let upsert = row::bind(sqlx::query(UPSERT), &record)?;
            upsert.execute(&mut lane.connection).await.map_err(|error| self.database.fault(error))?;
        }
        Ok(Ok(verdict))
    }

    /// Begins a transaction and reads the row of a key in it.
    async fn begin_and_select(&self, lane: &mut Lane<'_>, key: &Key) -> Result<Option<SqliteRow>, StoreError> {
        loop {
            let select = sqlx::query(BEGIN_AND_SELECT).bind(key.digest().as_slice());
            match select.fetch_optional(&mut lane.connection).await {
                Ok(row) => return Ok(row),
                Err(error) => lane.again(&self.database, error)?,
            }
        }
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self, lane: &mut Lane<'_>) -> Result<(), StoreError> {
        loop {
            match sqlx::query("BEGIN IMMEDIATE").execute(&mut lane.connection).await {
                Ok(_) => return Ok(()),
                Err(error) => lane.again(&self.database, error)?,
            }
        }
    }

    async fn select(&self, lane: &mut Lane<'_>, key: &Key) -> Result<Option<SqliteRow>, StoreError> {
        let select = sqlx::query(SELECT_ONE).bind(key.digest().as_slice());
        select.fetch_optional(&mut lane.connection).await.map_err(|error| self.database.fault(error))
    }

    /// Writes the change and ends the transaction.
    async fn finish(&self, mut lane: Lane<'_>, change: Change) -> Result<(), StoreError> {
        let Change::Put(record) = change else { return self.end(lane, "ROLLBACK").await };
        let upsert = row::bind(sqlx::query(UPSERT_AND_COMMIT), &record)?;
        upsert.execute(&mut lane.connection).await.map_err(|error| self.database.fault(error))?;
        lane.give_back();
        Ok(())
    }

    /// Ends the transaction.
    pub(super) async fn end(&self, mut lane: Lane<'_>, how: &'static str) -> Result<(), StoreError> {
        sqlx::query(how).execute(&mut lane.connection).await.map_err(|error| self.database.fault(error))?;
        lane.give_back();
        Ok(())
    }
}
