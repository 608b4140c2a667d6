//! Records reached over a caller's own transaction on a server.

use std::time::Duration;

use super::dialect::{Connection, Dialect, Seen, Trouble};
use super::operate::{Complete, decide};
use super::run::Operation;
use crate::claim::{ClaimRequest, ClaimVerdict, CompleteRequest, CompleteVerdict};
use crate::key::Key;
use crate::record::Record;
use crate::store::within::{Ending, Mark, Within};
use crate::store::{StoreError, StoreFuture};
use crate::transition;

/// Rivals that commit one after the other, each between two of our statements. A transaction that sees an old state of
/// the database would go on for ever.
const MOST_RIVALS: u32 = 20;

/// What a database has to say of transactions that are not ours.
pub(crate) trait Savepoints: Dialect {
    /// What to put back once the claim is granted.
    type Before: Send + Sync;

    /// Makes a savepoint, and sets how long a lock is waited for, where that is given, and that the commit is durable.
    fn mark(
        &self,
        connection: &mut Connection<Self>,
        name: &str,
        wait: Option<Duration>,
    ) -> impl Future<Output = Result<Self::Before, sqlx::Error>> + Send;

    /// Puts back what [`mark`](Self::mark) set for the time of the claim.
    fn put_back(
        &self,
        connection: &mut Connection<Self>,
        before: &Self::Before,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Releases a savepoint, or goes back to it and releases it.
    fn leave(
        &self,
        connection: &mut Connection<Self>,
        name: &str,
        ending: Ending,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The row of a key as it is, whatever the caller's transaction would see of it.
    fn latest(
        &self,
        connection: &mut Connection<Self>,
        key: &Key,
    ) -> impl Future<Output = Result<Seen, Trouble>> + Send;

    /// Claims, or reads what is there instead. The first try of a claim.
    fn claim_within(
        &self,
        connection: &mut Connection<Self>,
        request: &ClaimRequest,
    ) -> impl Future<Output = Result<ClaimVerdict, Trouble>> + Send;

    /// What a statement in a caller's transaction failed of.
    fn judge(&self, error: &sqlx::Error) -> Judgement;
}

/// What an error says of a caller's transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// A lock was waited for as long as may be.
    Waited,
    /// The database gave this transaction up for the sake of others: all of it has to be run again.
    Again,
    /// There is no transaction, or not the one in which the savepoint was made.
    Ended,
    /// An earlier statement of it failed, and nothing but its end is possible.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "MySQL goes on after a failed statement"))]
    Aborted,
    /// The store's tables, which were there when it opened, are not where the connection leads.
    Elsewhere,
    /// None of these.
    Other,
}

/// A caller's connection, with the tables of a store.
pub(crate) struct InTransaction<'a, D: Savepoints> {
    pub(crate) dialect: &'a D,
    pub(crate) connection: &'a mut Connection<D>,
    before: Option<D::Before>,
}

impl<'a, D: Savepoints> InTransaction<'a, D> {
    pub(crate) fn new(dialect: &'a D, connection: &'a mut Connection<D>) -> Self {
        Self { dialect, connection, before: None }
    }

    async fn claim(&mut self, request: &ClaimRequest) -> Result<Option<ClaimVerdict>, StoreError> {
        let mut rivals = 0;
        loop {
            let claimed = match rivals {
                0 => self.dialect.claim_within(self.connection, request).await,
                _ => self.claim_the_latest(request).await,
            };
            let error = match claimed {
                Ok(verdict) => return Ok(Some(verdict)),
                Err(Trouble::Store(error)) => return Err(error),
                Err(Trouble::Changed) if rivals < MOST_RIVALS => {
                    rivals += 1;
                    continue;
                }
                Err(Trouble::Changed) => return Err(self.run_again("it does not see what others have committed")),
                Err(Trouble::First(error) | Trouble::Sql(error)) => error,
            };
            return match self.dialect.judge(&error) {
                Judgement::Waited => Ok(None),
                _ => Err(self.fault(error)),
            };
        }
    }

    /// Another changed the row after it was seen, or it was not seen at all.
    async fn claim_the_latest(&mut self, request: &ClaimRequest) -> Result<ClaimVerdict, Trouble> {
        let seen = self.dialect.latest(self.connection, &request.key).await?;
        claim_over(self.dialect, self.connection, request, seen).await
    }

    async fn complete(&mut self, request: &CompleteRequest) -> Result<CompleteVerdict, StoreError> {
        match Complete(request).attempt(self.dialect, self.connection).await {
            Ok(verdict) => Ok(verdict),
            Err(Trouble::Store(error)) => Err(error),
            Err(Trouble::Changed) => Err(self.run_again("the record was changed behind its back")),
            Err(Trouble::First(error) | Trouble::Sql(error)) => Err(self.fault(error)),
        }
    }

    fn fault(&self, error: sqlx::Error) -> StoreError {
        match self.dialect.judge(&error) {
            Judgement::Again => self.run_again(&error.to_string()),
            Judgement::Ended => self.unusable("the connection is in no transaction: begin one, and hand it in"),
            Judgement::Aborted => self.unusable("an earlier statement of the transaction failed: roll it back"),
            Judgement::Elsewhere => self.unusable(
                "the connection is to another database, which has none of the store's tables: hand in one to the store's, or open the store on the caller's",
            ),
            Judgement::Waited | Judgement::Other => self.dialect.fault(error).error,
        }
    }

    fn run_again(&self, said: &str) -> StoreError {
        let reason = format!("the caller's transaction cannot go on ({said}): roll it back, and run all of it again");
        StoreError::Unavailable { store: self.dialect.name(), reason }
    }

    fn unusable(&self, reason: &str) -> StoreError {
        StoreError::Transaction { store: self.dialect.name(), reason: reason.into() }
    }
}

/// Claims over what was seen of the row.
pub(crate) async fn claim_over<D: Dialect>(
    dialect: &D,
    connection: &mut Connection<D>,
    request: &ClaimRequest,
    seen: Seen,
) -> Result<ClaimVerdict, Trouble> {
    let claim = |record: Option<&Record>, now| transition::claim(record, request, now);
    decide(dialect, connection, seen, Some(request.owner), claim).await
}

impl<D: Savepoints> Within for InTransaction<'_, D> {
    fn enter<'a>(&'a mut self, mark: &'a Mark, wait: Option<Duration>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let marked = self.dialect.mark(self.connection, mark.name(), wait).await;
            self.before = Some(marked.map_err(|error| self.fault(error))?);
            Ok(())
        })
    }

    fn claim<'a>(&'a mut self, request: &'a ClaimRequest) -> StoreFuture<'a, Option<ClaimVerdict>> {
        Box::pin(self.claim(request))
    }

    fn hand_over(&mut self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let Some(before) = self.before.take() else { return Ok(()) };
            self.dialect.put_back(self.connection, &before).await.map_err(|error| self.fault(error))
        })
    }

    fn complete<'a>(&'a mut self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(self.complete(request))
    }

    fn leave<'a>(&'a mut self, mark: &'a Mark, ending: Ending) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let left = self.dialect.leave(self.connection, mark.name(), ending).await;
            let left = match left {
                Ok(()) => Ok(true),
                Err(error) if self.dialect.judge(&error) == Judgement::Ended => Ok(false),
                Err(error) => Err(self.fault(error)),
            };
            self.hand_over().await?;
            left
        })
    }
}
