//! Changing records: read, decide, write, in one `BEGIN IMMEDIATE`.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::Inner;
use super::row::{self, SELECT_ONE, UPSERT};
use super::writer::Pen;
use crate::claim::{ClearVerdict, RenewRequest, RenewVerdict};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::Record;
use crate::store::StoreError;
use crate::store::sql::row::stand_in;
use crate::transition::{self, Change, Step};

/// One trip to the connection's thread for both.
const BEGIN_AND_SELECT: &str = row::select!("BEGIN IMMEDIATE; ", " WHERE key = ?1");
const UPSERT_AND_COMMIT: &str = row::upsert!("; COMMIT");

/// A function of [`transition`].
type Decide<R, V> = fn(Option<&Record>, &R, Timestamp) -> Step<V>;

impl Inner {
    /// Applies a transition to one key. What needs no write, such as the answer to a duplicate, is decided on a plain read.
    pub(super) async fn step<R, V>(&self, key: &Key, request: &R, decide: Decide<R, V>) -> Result<V, StoreError>
    where
        R: Clone + Send + Sync + 'static,
        V: Send + 'static,
    {
        let (seen, now) = self.read(key).await?;
        let seen = decide(seen.as_ref(), request, now);
        if seen.change == Change::Keep {
            return Ok(seen.verdict);
        }
        let (key, request) = (key.clone(), request.clone());
        self.writer.run(move |pen| pen.step(&key, &request, decide)).await
    }

    /// Forgets a key. By force also one whose record does not read.
    pub(super) async fn clear(&self, key: &Key, force: bool) -> Result<ClearVerdict, StoreError> {
        let cleared = self.step(key, &force, |record, force, now| transition::clear(record, *force, now)).await;
        if !force || !matches!(cleared, Err(StoreError::Corrupt { .. })) {
            return cleared;
        }
        let key = key.clone();
        self.writer.run(move |pen| pen.clear_corrupt(&key)).await
    }

    /// Renews many claims in one transaction; a row that does not read spoils its own answer only.
    pub(super) async fn renew(
        &self,
        requests: &[RenewRequest],
    ) -> Result<Vec<Result<RenewVerdict, StoreError>>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let requests = requests.to_vec();
        self.writer.run(move |pen| pen.renew(&requests)).await
    }
}

impl Pen {
    fn step<R, V>(&mut self, key: &Key, request: &R, decide: Decide<R, V>) -> Result<V, StoreError> {
        let (connection, row) = self.begin_and_select(key)?;
        let before = row.as_ref().map(row::decode).transpose()?;
        let Step { change, verdict } = decide(before.as_ref(), request, self.database.now());
        self.finish(connection, change)?;
        Ok(verdict)
    }

    fn clear_corrupt(&mut self, key: &Key) -> Result<ClearVerdict, StoreError> {
        let (connection, row) = self.begin_and_select(key)?;
        let now = self.database.now();
        let before = match row.as_ref().map(row::decode).transpose() {
            Err(StoreError::Corrupt { .. }) => Some(stand_in(key, row.as_ref().and_then(row::fence), now)),
            read => read?,
        };
        let Step { change, verdict } = transition::clear(before.as_ref(), true, now);
        self.finish(connection, change)?;
        Ok(verdict)
    }

    fn renew(&mut self, requests: &[RenewRequest]) -> Result<Vec<Result<RenewVerdict, StoreError>>, StoreError> {
        let mut connection = self.begin()?;
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let select = sqlx::query(SELECT_ONE).bind(request.key.digest().as_slice());
            let row = self.sql(select.fetch_optional(&mut connection))?;
            let step = row.as_ref().map(row::decode).transpose();
            let step = step.map(|before| transition::renew(before.as_ref(), request, self.database.now()));
            if let Ok(Step { change: Change::Put(record), .. }) = &step {
                self.sql(row::bind(UPSERT, record)?.execute(&mut connection))?;
            }
            answers.push(step.map(|step| step.verdict));
        }
        self.end(connection, "COMMIT")?;
        Ok(answers)
    }

    /// Begins a transaction and reads the row of a key in it.
    fn begin_and_select(&mut self, key: &Key) -> Result<(SqliteConnection, Option<SqliteRow>), StoreError> {
        let mut connection = self.take()?;
        loop {
            let select = sqlx::query(BEGIN_AND_SELECT).bind(key.digest().as_slice());
            match self.wait(select.fetch_optional(&mut connection)) {
                Ok(row) => return Ok((connection, row)),
                Err(error) => self.again(error)?,
            }
        }
    }

    /// Begins a transaction.
    pub(super) fn begin(&mut self) -> Result<SqliteConnection, StoreError> {
        let mut connection = self.take()?;
        loop {
            match self.wait(sqlx::query("BEGIN IMMEDIATE").execute(&mut connection)) {
                Ok(_) => return Ok(connection),
                Err(error) => self.again(error)?,
            }
        }
    }

    /// Writes the change and ends the transaction.
    fn finish(&mut self, mut connection: SqliteConnection, change: Change) -> Result<(), StoreError> {
        let Change::Put(record) = change else { return self.end(connection, "ROLLBACK") };
        let upsert = row::bind(UPSERT_AND_COMMIT, &record)?;
        self.sql(upsert.execute(&mut connection))?;
        self.put(connection);
        Ok(())
    }

    /// Ends the transaction.
    pub(super) fn end(&mut self, mut connection: SqliteConnection, how: &'static str) -> Result<(), StoreError> {
        self.sql(sqlx::query(how).execute(&mut connection))?;
        self.put(connection);
        Ok(())
    }
}
