//! Records reached over a caller's own transaction.

use std::time::Duration;

use sqlx::mysql::{MySql, MySqlDatabaseError};
use sqlx::{AssertSqlSafe, MySqlConnection, Row as _, Transaction};

use super::dialect::{Server, one, seen};
use crate::claim::{ClaimRequest, ClaimVerdict};
use crate::key::Key;
use crate::store::sql::dialect::{Dialect, Seen, Trouble};
use crate::store::sql::within::{Judgement, Savepoints, claim_over};
use crate::store::within::{Ending, Transactional, TxConnection, sealed};

impl sealed::Sealed for MySqlConnection {}

impl Transactional for MySqlConnection {
    fn connection(&mut self) -> TxConnection<'_> {
        TxConnection::MySql(self)
    }
}

impl sealed::Sealed for Transaction<'_, MySql> {}

impl Transactional for Transaction<'_, MySql> {
    fn connection(&mut self) -> TxConnection<'_> {
        TxConnection::MySql(self)
    }
}

impl Savepoints for Server {
    /// The session's time-out for locks, which is no part of the transaction.
    type Before = Option<u64>;

    /// One round trip. Outside a transaction a savepoint is made and gone at once, which only going back to it tells.
    async fn mark(
        &self,
        connection: &mut MySqlConnection,
        name: &str,
        wait: Option<Duration>,
    ) -> Result<Option<u64>, sqlx::Error> {
        let mark = format!("SAVEPOINT {name}; ROLLBACK TO SAVEPOINT {name}");
        let Some(wait) = wait else {
            return sqlx::raw_sql(AssertSqlSafe(mark)).execute(connection).await.map(|_| None);
        };
        // The unit is a second, and MySQL waits for one at least.
        let seconds = match wait.as_millis().div_ceil(1000) {
            0 => "/*!80000 1 */ /*M!100100 0 */".to_owned(),
            seconds => seconds.min(1_000_000).to_string(),
        };
        let waiting = format!(
            "{mark}; SELECT @@SESSION.innodb_lock_wait_timeout AS `before`; SET SESSION innodb_lock_wait_timeout = {seconds}"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(waiting)).fetch_all(connection).await?;
        rows.first().map(|row| row.try_get("before")).transpose()
    }

    async fn put_back(&self, connection: &mut MySqlConnection, before: &Option<u64>) -> Result<(), sqlx::Error> {
        let Some(before) = before else { return Ok(()) };
        let set = format!("SET SESSION innodb_lock_wait_timeout = {before}");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(connection).await.map(drop)
    }

    async fn leave(&self, connection: &mut MySqlConnection, name: &str, ending: Ending) -> Result<(), sqlx::Error> {
        let statement = match ending {
            Ending::Keep => format!("RELEASE SAVEPOINT {name}"),
            Ending::Undo => format!("ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}"),
        };
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop)
    }

    /// Under REPEATABLE READ, which is the default, a plain read shows the row as it was when the transaction first read
    /// anything; one that locks it shows it as it is.
    async fn latest(&self, connection: &mut MySqlConnection, key: &Key) -> Result<Seen, Trouble> {
        seen(&one(connection, format!("{} FOR UPDATE", self.statements.read(key))).await?)
    }

    /// Reads first: under REPEATABLE READ the statement that writes only where there is nothing locks the gap in which it
    /// looked until the caller commits, and with it other keys.
    async fn claim_within(
        &self,
        connection: &mut MySqlConnection,
        request: &ClaimRequest,
    ) -> Result<ClaimVerdict, Trouble> {
        let seen = self.read(connection, &request.key).await?;
        claim_over(self, connection, request, seen).await
    }

    fn judge(&self, error: &sqlx::Error) -> Judgement {
        let said = match error {
            sqlx::Error::Database(said) => said.try_downcast_ref::<MySqlDatabaseError>(),
            _ => None,
        };
        match said.map(MySqlDatabaseError::number) {
            Some(1205) => Judgement::Waited,
            Some(1213 | 1020) => Judgement::Again,
            Some(1305) => Judgement::Ended,
            Some(1146 | 1049) => Judgement::Elsewhere,
            _ => Judgement::Other,
        }
    }
}
