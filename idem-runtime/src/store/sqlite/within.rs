//! Records reached over a caller's own transaction on the file.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, Transaction};

use super::database::Database;
use super::fault;
use super::row::{self, SELECT_ONE, UPSERT};
use crate::claim::{ClaimRequest, ClaimVerdict, CompleteRequest, CompleteVerdict};
use crate::key::Key;
use crate::store::within::{Ending, Mark, Transactional, TxConnection, Within, sealed};
use crate::store::{StoreError, StoreFuture};
use crate::transition::{self, Change, Step};

impl sealed::Sealed for SqliteConnection {}

impl Transactional for SqliteConnection {
    fn connection(&mut self) -> TxConnection<'_> {
        TxConnection::Sqlite(self)
    }
}

impl sealed::Sealed for Transaction<'_, Sqlite> {}

impl Transactional for Transaction<'_, Sqlite> {
    fn connection(&mut self) -> TxConnection<'_> {
        TxConnection::Sqlite(self)
    }
}

/// Takes the file's one lock for writing, so that what is read next cannot change, and changes nothing.
const LOCK: &str = "UPDATE idem_records SET format = format WHERE key = x''";

pub(super) struct InTransaction<'a> {
    pub(super) database: Arc<Database>,
    pub(super) connection: &'a mut SqliteConnection,
}

impl InTransaction<'_> {
    async fn say(&mut self, statement: String) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *self.connection).await.map(drop)
    }

    /// Applies a transition to one key, with the lock that the transaction holds until its end.
    async fn step<R, V>(
        &mut self,
        key: &Key,
        request: &R,
        decide: fn(Option<&crate::record::Record>, &R, crate::clock::Timestamp) -> Step<V>,
    ) -> Result<V, StoreError> {
        let select = sqlx::query(SELECT_ONE).bind(key.digest().as_slice());
        let row = select.fetch_optional(&mut *self.connection).await.map_err(|error| self.fault(error))?;
        let before = row.as_ref().map(row::decode).transpose()?;
        let Step { change, verdict } = decide(before.as_ref(), request, self.database.now());
        if let Change::Put(record) = change {
            let upsert = row::bind(UPSERT, &record)?;
            upsert.execute(&mut *self.connection).await.map_err(|error| self.fault(error))?;
        }
        Ok(verdict)
    }

    async fn claim(&mut self, request: &ClaimRequest) -> Result<Option<ClaimVerdict>, StoreError> {
        match sqlx::query(LOCK).execute(&mut *self.connection).await {
            Ok(_) => self.step(&request.key, request, transition::claim).await.map(Some),
            // What was read before is out of date: no waiting helps this transaction.
            Err(error) if fault::is_outdated(&error) => Err(self.database.unavailable(
                "the transaction had read before it wrote, and another one wrote meanwhile: run it again, and begin it with BEGIN IMMEDIATE",
            )),
            Err(error) if fault::is_busy(&error) => Ok(None),
            // The store's own file was opened with its tables: the connection is to another one.
            Err(error) if fault::is_no_table(&error) => Err(self.refused(
                "the connection is to another database, which has none of the store's tables: hand in one to this file, or open the store on the caller's",
            )),
            Err(error) => Err(self.fault(error)),
        }
    }

    fn refused(&self, reason: &str) -> StoreError {
        StoreError::Transaction { store: fault::name(self.database.path()), reason: reason.to_owned() }
    }

    fn fault(&self, error: sqlx::Error) -> StoreError {
        self.database.fault(error)
    }
}

impl Within for InTransaction<'_> {
    /// SQLite waits for the file as long as the connection's `busy_timeout` says, for whatever it is asked: that stays
    /// the caller's.
    fn enter<'a>(&'a mut self, mark: &'a Mark, _: Option<Duration>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            // Outside a transaction a savepoint would begin one that the caller's driver knows nothing of.
            if self.say("BEGIN".into()).await.is_ok() {
                self.say("ROLLBACK".into()).await.map_err(|error| self.fault(error))?;
                return Err(
                    self.refused("the connection is in no transaction: begin one with BEGIN IMMEDIATE, and hand it in")
                );
            }
            let marked = self.say(format!("SAVEPOINT {}", mark.name())).await;
            marked.map_err(|error| self.fault(error))
        })
    }

    fn claim<'a>(&'a mut self, request: &'a ClaimRequest) -> StoreFuture<'a, Option<ClaimVerdict>> {
        Box::pin(self.claim(request))
    }

    fn hand_over(&mut self) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn complete<'a>(&'a mut self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(self.step(&request.claim.key, request, transition::complete))
    }

    fn leave<'a>(&'a mut self, mark: &'a Mark, ending: Ending) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let name = mark.name();
            let left = match ending {
                Ending::Keep => self.say(format!("RELEASE {name}")).await,
                Ending::Undo => self.say(format!("ROLLBACK TO {name}; RELEASE {name}")).await,
            };
            match left {
                Ok(()) => Ok(true),
                Err(error) if fault::is_no_savepoint(&error) => Ok(false),
                Err(error) => Err(self.fault(error)),
            }
        })
    }
}
