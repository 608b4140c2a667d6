//! Records reached over a caller's own transaction.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _, Transaction};

use super::dialect::{DURABLE, Server};
use crate::claim::{ClaimRequest, ClaimVerdict};
use crate::key::Key;
use crate::store::sql::dialect::{Dialect, Seen, Trouble};
use crate::store::sql::operate::Claim;
use crate::store::sql::run::Operation;
use crate::store::sql::within::{Judgement, Savepoints};
use crate::store::within::{Ending, Transactional, TxConnection, sealed};

impl sealed::Sealed for PgConnection {}

impl Transactional for PgConnection {
    fn connection(&mut self) -> TxConnection<'_> {
        TxConnection::Postgres(self)
    }
}

impl sealed::Sealed for Transaction<'_, Postgres> {}

impl Transactional for Transaction<'_, Postgres> {
    fn connection(&mut self) -> TxConnection<'_> {
        TxConnection::Postgres(self)
    }
}

impl Savepoints for Server {
    /// The caller's `lock_timeout`, which would outlive the savepoint.
    type Before = Option<String>;

    /// One round trip. That the commit is durable stays with the transaction: it commits our rows.
    async fn mark(
        &self,
        connection: &mut PgConnection,
        name: &str,
        wait: Option<Duration>,
    ) -> Result<Option<String>, sqlx::Error> {
        let durable = format!("SAVEPOINT {name}; SELECT set_config('synchronous_commit', {DURABLE}, true)");
        let Some(wait) = wait else {
            return sqlx::raw_sql(AssertSqlSafe(durable)).execute(connection).await.map(|_| None);
        };
        // Zero would be without end.
        let wait = wait.as_millis().clamp(1, i32::MAX as u128);
        let waiting = format!(
            "{durable}, current_setting('lock_timeout') AS before; SELECT set_config('lock_timeout', '{wait}', true)"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(waiting)).fetch_all(connection).await?;
        rows.first().map(|row| row.try_get("before")).transpose()
    }

    async fn put_back(&self, connection: &mut PgConnection, before: &Option<String>) -> Result<(), sqlx::Error> {
        let Some(before) = before else { return Ok(()) };
        let set = sqlx::query("SELECT set_config('lock_timeout', $1, true)").bind(before.as_str());
        set.execute(connection).await.map(drop)
    }

    async fn leave(&self, connection: &mut PgConnection, name: &str, ending: Ending) -> Result<(), sqlx::Error> {
        let statement = match ending {
            Ending::Keep => format!("RELEASE SAVEPOINT {name}"),
            Ending::Undo => format!("ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}"),
        };
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop)
    }

    /// Each statement sees what is committed, or says that its transaction cannot.
    async fn latest(&self, connection: &mut PgConnection, key: &Key) -> Result<Seen, Trouble> {
        self.read(connection, key).await
    }

    async fn claim_within(
        &self,
        connection: &mut PgConnection,
        request: &ClaimRequest,
    ) -> Result<ClaimVerdict, Trouble> {
        Claim(request).attempt(self, connection).await
    }

    fn judge(&self, error: &sqlx::Error) -> Judgement {
        let code = match error {
            sqlx::Error::Database(said) => said.code(),
            _ => return Judgement::Other,
        };
        match code.as_deref() {
            Some("55P03") => Judgement::Waited,
            Some("40001" | "40P01") => Judgement::Again,
            Some("25P01" | "3B001") => Judgement::Ended,
            Some("25P02") => Judgement::Aborted,
            Some("42P01" | "3F000") => Judgement::Elsewhere,
            _ => Judgement::Other,
        }
    }
}
