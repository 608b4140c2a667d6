//! PostgreSQL's side of what SQL stores share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlStr;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row as _};

use super::fault;
use super::row::text;
use super::statements::Statements;
use crate::claim::{ClaimRequest, CompleteRequest, CompleteVerdict, RenewRequest};
use crate::clock::Timestamp;
use crate::key::{Fingerprint, Key};
use crate::record::{Record, StoredResult};
use crate::store::sql::dialect::{Claiming, Dialect, Fault, Place, Row, Seen, Trouble};
use crate::store::sql::{offset, row};
use crate::store::{ListQuery, StoreError};

/// A database, and the tables of ours in it. Handles on them share it.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) options: PgConnectOptions,
    pub(super) timeout: Duration,
    pub(super) name: Arc<str>,
    /// The table of records, quoted, with its schema.
    pub(super) table: Arc<str>,
    pub(super) statements: Arc<Statements>,
}

/// What `synchronous_commit` is set to. Whoever set `remote_apply` asked for more than `on`.
pub(super) const DURABLE: &str =
    "CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END";

/// Settings of a connection (`scope` false) or a transaction (true).
fn settings(timeout: Duration, scope: bool) -> String {
    let statement = timeout.as_millis().clamp(1, i32::MAX as u128);
    // A lock is waited for half as long, so that the error says what was waited for.
    let lock = (statement / 2).max(1);
    format!(
        "SELECT set_config('synchronous_commit', {DURABLE}, {scope}),
         set_config('statement_timeout', '{statement}', {scope}), set_config('lock_timeout', '{lock}', {scope})"
    )
}

/// Opens a connection on which an answer is on the disk before it is given.
pub(super) async fn connect(options: &PgConnectOptions, timeout: Duration) -> Result<PgConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    let isolation = "set_config('default_transaction_isolation', 'read committed', false)";
    let settings = AssertSqlSafe(format!("{}, {isolation}", settings(timeout, false)));
    sqlx::raw_sql(settings).execute(&mut connection).await?;
    Ok(connection)
}

impl Dialect for Server {
    type Database = Postgres;

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        connect(&self.options, self.timeout).await
    }

    fn begin(&self) -> String {
        format!("BEGIN ISOLATION LEVEL READ COMMITTED; {}", settings(self.timeout, true))
    }

    async fn execute(&self, connection: &mut PgConnection, statements: String) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await.map(drop)
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn name(&self) -> String {
        self.name.to_string()
    }

    fn fault(&self, error: sqlx::Error) -> Fault {
        fault::of(&self.name, &error)
    }

    async fn read(&self, connection: &mut PgConnection, key: &Key) -> Result<Seen, Trouble> {
        let read = query(&self.statements.read).bind(key.digest().as_slice());
        seen(&read.fetch_one(connection).await?)
    }

    async fn now(&self, connection: &mut PgConnection) -> Result<Timestamp, Trouble> {
        let read = query(&self.statements.now).fetch_one(connection).await?;
        Ok(Timestamp::from_micros(read.try_get("read_at")?))
    }

    async fn insert(&self, connection: &mut PgConnection, record: &Record) -> Result<bool, Trouble> {
        let insert = with_row(&self.statements.insert, record)?;
        Ok(insert.execute(connection).await?.rows_affected() == 1)
    }

    async fn replace(&self, connection: &mut PgConnection, record: &Record, seen: i64) -> Result<bool, Trouble> {
        let replace = with_row(&self.statements.replace, record)?.bind(seen);
        Ok(replace.execute(connection).await?.rows_affected() == 1)
    }

    async fn claim(&self, connection: &mut PgConnection, request: &ClaimRequest) -> Result<Claiming, Trouble> {
        let Some(row) = offset::claimed(request) else {
            return Ok(Claiming { made: false, seen: self.read(connection, &request.key).await? });
        };
        let found = with_row(&self.statements.claim, &row)?.fetch_one(connection).await?;
        let made_at = found.try_get::<Option<i64>, _>("made_at")?.map(Timestamp::from_micros);
        Ok(match made_at {
            Some(now) => Claiming { made: true, seen: Seen { row: None, now } },
            None => Claiming { made: false, seen: seen(&found)? },
        })
    }

    async fn complete(
        &self,
        connection: &mut PgConnection,
        request: &CompleteRequest,
    ) -> Result<Option<CompleteVerdict>, Trouble> {
        let claim = &request.claim;
        let (Ok(fence), Some(kept)) = (i64::try_from(request.fence), offset::kept(request)) else { return Ok(None) };
        let (no_result, result) = match &request.result {
            StoredResult::Absent(reason) => (Some(text(reason)), None),
            StoredResult::Envelope(bytes) => (None, Some(&**bytes)),
        };
        let complete = query(&self.statements.complete)
            .bind(claim.key.digest().as_slice())
            .bind(claim.owner.as_bytes().as_slice())
            .bind(fence)
            .bind(claim.key.to_string())
            .bind(claim.fingerprint.as_ref().map(Fingerprint::bytes))
            .bind(kept)
            .bind(no_result)
            .bind(result);
        let Some(row) = complete.fetch_optional(connection).await? else { return Ok(None) };
        let mut record = row::decode(&row)?;
        if matches!(request.result, StoredResult::Envelope(_)) {
            // Sent, and not read back.
            record.result = Some(request.result.clone());
        }
        Ok(Some(CompleteVerdict::Completed { record: Arc::new(record), restored: false }))
    }

    async fn renew(&self, connection: &mut PgConnection, requests: &[&RenewRequest]) -> Result<Vec<usize>, Trouble> {
        let asked =
            requests.iter().enumerate().filter_map(|(place, request)| Some((place, *request, offset::lease(request)?)));
        let asked: Vec<_> = asked.collect();
        let renew = query(&self.statements.renew)
            .bind(asked.iter().map(|(_, request, _)| request.key.digest().as_slice()).collect::<Vec<_>>())
            .bind(asked.iter().map(|(_, request, _)| request.owner.as_bytes().as_slice()).collect::<Vec<_>>())
            .bind(asked.iter().map(|(_, request, _)| request.key.to_string()).collect::<Vec<_>>())
            .bind(asked.iter().map(|(.., lease)| *lease).collect::<Vec<_>>())
            .bind(asked.iter().map(|(place, ..)| i64::try_from(*place).unwrap_or(i64::MAX)).collect::<Vec<_>>());
        let renewed = renew.fetch_all(connection).await?;
        let place = |row: &PgRow| Ok(usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or(usize::MAX));
        renewed.iter().map(place).collect()
    }

    async fn page(&self, connection: &mut PgConnection, asked: &ListQuery) -> Result<Vec<Row>, Trouble> {
        let after = asked.after.as_ref().map_or(&[][..], |digest| digest.as_slice());
        let page = query(&self.statements.page)
            .bind(after)
            .bind(asked.task.as_deref().map(text))
            .bind(asked.state.map(|state| state.as_str()))
            .bind(limit(asked.page()));
        rows(page.fetch_all(connection).await?)
    }

    async fn over(&self, connection: &mut PgConnection, after: &Place, most: usize) -> Result<Vec<Row>, Trouble> {
        let over = query(&self.statements.over).bind(after.expires_at).bind(after.key.as_slice()).bind(limit(most));
        rows(over.fetch_all(connection).await?)
    }

    async fn stale(&self, connection: &mut PgConnection, most: usize) -> Result<Vec<Row>, Trouble> {
        rows(query(&self.statements.stale).bind(limit(most)).fetch_all(connection).await?)
    }

    async fn remove(&self, connection: &mut PgConnection, keys: &[&[u8]]) -> Result<u64, Trouble> {
        Ok(query(&self.statements.remove).bind(keys).execute(connection).await?.rows_affected())
    }
}

/// The options hold the password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("at", &self.name).field("table", &self.table).finish_non_exhaustive()
    }
}

type Statement = Query<'static, Postgres, PgArguments>;

fn query(statement: &SqlStr) -> Statement {
    sqlx::query(statement.clone())
}

/// A statement whose first arguments are a row.
fn with_row(statement: &SqlStr, record: &Record) -> Result<Statement, StoreError> {
    let mut arguments = PgArguments::default();
    row::write(record, &mut arguments)?;
    Ok(sqlx::query_with(statement.clone(), arguments))
}

fn seen(row: &PgRow) -> Result<Seen, Trouble> {
    let now = Timestamp::from_micros(row.try_get("read_at")?);
    // Only a row that is not there has no key.
    let there = row.try_get::<Option<&[u8]>, _>("key")?.is_some();
    Ok(Seen { row: there.then(|| Row::of(row)).transpose()?, now })
}

fn rows(rows: Vec<PgRow>) -> Result<Vec<Row>, Trouble> {
    Ok(rows.iter().map(Row::of).collect::<Result<_, _>>()?)
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
