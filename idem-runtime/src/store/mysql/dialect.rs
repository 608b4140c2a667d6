//! MySQL's side of what SQL stores share.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::{MySql, MySqlConnectOptions, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions, MySqlConnection, Row as _};

use super::fault;
use super::log::{self, Log};
use super::statements::{CLOCK, Statements};
use crate::claim::{ClaimRequest, CompleteRequest, CompleteVerdict, RenewRequest};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{Record, State, StoredResult};
use crate::store::ListQuery;
use crate::store::sql::dialect::{Claiming, Dialect, Fault, Place, Row, Seen, Trouble};
use crate::store::sql::offset;
use crate::store::sql::row::Columns;
use crate::transition;

/// A database, and the tables of ours in it. Handles on them share it.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) options: MySqlConnectOptions,
    pub(super) timeout: Duration,
    pub(super) name: Arc<str>,
    /// The table of records, quoted, with its database.
    pub(super) table: Arc<str>,
    pub(super) statements: Arc<Statements>,
    /// Where the server shows what it has not kept yet.
    pub(super) log: Option<Arc<Log>>,
}

/// Nothing that a statement depends on is left to the server's defaults. What is in comments concerns MariaDB (`M!`) or
/// MySQL alone; each has its own word for how long a statement may take, and MySQL's holds for reads only.
fn settings(timeout: Duration) -> String {
    // A lock is waited for half as long, so that the error says what was waited for; the unit is a second.
    let lock = (timeout.as_secs() / 2).max(1);
    let (seconds, millis) = (timeout.as_secs_f64(), timeout.as_millis().clamp(1, i32::MAX as u128));
    format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE;
         SET NAMES utf8mb4 COLLATE utf8mb4_bin, autocommit = 1, completion_type = 'NO_CHAIN',
             sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', sql_safe_updates = 0, sql_big_selects = 1,
             sql_select_limit = 18446744073709551615, time_zone = '+00:00',
             innodb_lock_wait_timeout = {lock}, lock_wait_timeout = {lock}
             /*M!100100 , check_constraint_checks = 1, max_statement_time = {seconds} */
             /*!80000 , max_execution_time = {millis} */"
    )
}

/// Opens a connection that is as we set it, in one more round trip.
pub(super) async fn connect(options: &MySqlConnectOptions, timeout: Duration) -> Result<MySqlConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(settings(timeout))).execute(&mut connection).await?;
    Ok(connection)
}

impl Dialect for Server {
    type Database = MySql;

    async fn connect(&self) -> Result<MySqlConnection, sqlx::Error> {
        connect(&self.options, self.timeout).await
    }

    /// All else is set for whole sessions only.
    fn begin(&self) -> String {
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION READ WRITE".to_owned()
    }

    async fn execute(&self, connection: &mut MySqlConnection, statements: String) -> Result<(), sqlx::Error> {
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

    async fn read(&self, connection: &mut MySqlConnection, key: &Key) -> Result<Seen, Trouble> {
        seen(&one(connection, self.statements.read(key)).await?)
    }

    async fn now(&self, connection: &mut MySqlConnection) -> Result<Timestamp, Trouble> {
        let read = one(connection, format!("SELECT {CLOCK} AS read_at")).await?;
        Ok(Timestamp::from_micros(read.try_get("read_at")?))
    }

    async fn insert(&self, connection: &mut MySqlConnection, record: &Record) -> Result<bool, Trouble> {
        let insert = sqlx::raw_sql(AssertSqlSafe(self.statements.insert(record)?));
        // The revision of the row that is there, which is never zero.
        Ok(insert.execute(connection).await?.last_insert_id() == 0)
    }

    async fn replace(&self, connection: &mut MySqlConnection, record: &Record, seen: i64) -> Result<bool, Trouble> {
        let replace = sqlx::raw_sql(AssertSqlSafe(self.statements.replace(record, seen)?));
        Ok(replace.execute(connection).await?.rows_affected() == 1)
    }

    async fn keep(&self, record: &Record, now: Timestamp) -> Result<(), Trouble> {
        match &self.log {
            Some(log) if log::may_be_ahead(record, now) => Ok(log.write().await?),
            _ => Ok(()),
        }
    }

    async fn claim(&self, connection: &mut MySqlConnection, request: &ClaimRequest) -> Result<Claiming, Trouble> {
        let Some(row) = offset::claimed(request) else {
            return Ok(Claiming { made: false, seen: self.read(connection, &request.key).await? });
        };
        let found = one(connection, self.statements.claim(&row)?).await?;
        let (is_written, seen) = (is_written(&found)?, seen(&found)?);
        // A rival's row that came to be while the statement ran counts as written too.
        let record = seen.row.as_ref().and_then(|row| row.record.as_ref().ok());
        let made = record.filter(|record| is_written && record.owner == request.owner);
        Ok(match made.map(|record| record.created_at) {
            Some(now) => Claiming { made: true, seen: Seen { row: None, now } },
            None => Claiming { made: false, seen },
        })
    }

    async fn complete(
        &self,
        connection: &mut MySqlConnection,
        request: &CompleteRequest,
    ) -> Result<Option<CompleteVerdict>, Trouble> {
        let (Ok(fence), Some(kept)) = (i64::try_from(request.fence), offset::kept(request)) else { return Ok(None) };
        let found = one(connection, self.statements.complete(request, fence, kept)).await?;
        if !is_written(&found)? {
            return Ok(None);
        }
        let Seen { row, now } = seen(&found)?;
        let is_ours = |record: &Record| {
            record.state == State::Completed && record.owner == request.claim.owner && record.fence == request.fence
        };
        let Some(mut record) = row.and_then(|row| row.record.ok()).filter(is_ours) else {
            // A sweep or an operator came between the two statements: it was completed all the same.
            let anew = CompleteRequest { may_restore: true, ..request.clone() };
            let completed = transition::complete(None, &anew, now).verdict;
            return Ok(match completed {
                CompleteVerdict::Completed { record, .. } => {
                    Some(CompleteVerdict::Completed { record, restored: false })
                }
                CompleteVerdict::LeaseLost(_) => None,
            });
        };
        if matches!(request.result, StoredResult::Envelope(_)) {
            // Sent, and not read back.
            record.result = Some(request.result.clone());
        }
        Ok(Some(CompleteVerdict::Completed { record: Arc::new(record), restored: false }))
    }

    async fn renew(&self, connection: &mut MySqlConnection, requests: &[&RenewRequest]) -> Result<Vec<usize>, Trouble> {
        let asked: Vec<_> = requests.iter().filter_map(|request| Some((*request, offset::lease(request)?))).collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let held = rows(connection, self.statements.renew(&asked)).await?;
        let held: HashMap<_, _> = held.iter().filter_map(|row| Some((row.bytes("key").ok()??, row))).collect();
        let is_renewed = |request: &RenewRequest| {
            let row = held.get(request.key.digest().as_slice())?;
            let renewed = row.bytes("owner").ok()? == Some(request.owner.as_bytes())
                && row.text("label").ok()? == Some(&request.key.to_string())
                && row.number("lease").ok()? == offset::lease(request);
            renewed.then_some(())
        };
        let places = requests.iter().enumerate().filter(|(_, request)| is_renewed(request).is_some());
        Ok(places.map(|(place, _)| place).collect())
    }

    async fn page(&self, connection: &mut MySqlConnection, asked: &ListQuery) -> Result<Vec<Row>, Trouble> {
        records(connection, self.statements.page(asked)).await
    }

    async fn over(&self, connection: &mut MySqlConnection, after: &Place, most: usize) -> Result<Vec<Row>, Trouble> {
        records(connection, self.statements.over(after, most)).await
    }

    async fn stale(&self, connection: &mut MySqlConnection, most: usize) -> Result<Vec<Row>, Trouble> {
        records(connection, self.statements.stale(most)).await
    }

    async fn remove(&self, connection: &mut MySqlConnection, keys: &[&[u8]]) -> Result<u64, Trouble> {
        let remove = sqlx::raw_sql(AssertSqlSafe(self.statements.remove(keys)));
        Ok(remove.execute(connection).await?.rows_affected())
    }
}

/// The options hold the password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("at", &self.name).field("table", &self.table).finish_non_exhaustive()
    }
}

pub(super) async fn one(connection: &mut MySqlConnection, statement: String) -> Result<MySqlRow, Trouble> {
    Ok(sqlx::raw_sql(AssertSqlSafe(statement)).fetch_one(connection).await?)
}

async fn rows(connection: &mut MySqlConnection, statement: String) -> Result<Vec<MySqlRow>, Trouble> {
    Ok(sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(connection).await?)
}

async fn records(connection: &mut MySqlConnection, statement: String) -> Result<Vec<Row>, Trouble> {
    Ok(rows(connection, statement).await?.iter().map(Row::of).collect::<Result<_, _>>()?)
}

pub(super) fn seen(row: &MySqlRow) -> Result<Seen, Trouble> {
    let now = Timestamp::from_micros(row.try_get("read_at")?);
    // Only a row that is not there has no key.
    let there = row.try_get::<Option<&[u8]>, _>("key")?.is_some();
    Ok(Seen { row: there.then(|| Row::of(row)).transpose()?, now })
}

/// Whether the statement before wrote a row.
fn is_written(row: &MySqlRow) -> Result<bool, Trouble> {
    Ok(row.try_get::<i64, _>("written")? == 1)
}
