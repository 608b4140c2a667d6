//! The tables, and the way from any version of them to this one.

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, MySqlConnection, Row};

use super::fault;
use super::literal::text;
use super::statements::CLOCK;
use crate::store::StoreError;

/// One step of the schema. Steps are only ever added; a step that was released never changes. Each is one statement that
/// may be repeated: MySQL commits the making of a table at once, whatever comes after it.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[Migration { version: 1, name: "records", sql: include_str!("0001_records.sql") }];

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS idem_migrations (
    version    BIGINT NOT NULL PRIMARY KEY,
    name       VARCHAR(64) NOT NULL,
    applied_at BIGINT NOT NULL
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4, COLLATE = utf8mb4_bin";

/// The prefix of the names as they stand in the steps.
const WRITTEN_PREFIX: &str = "idem_";

/// `SKIP LOCKED` is of these versions.
const OLDEST_MYSQL: (u32, u32) = (8, 0);
const OLDEST_MARIADB: (u32, u32) = (10, 6);

/// Of ten processes that start at once one makes the tables, the others wait so many seconds at most.
const WAIT: u32 = 20;

/// Where the tables are.
#[derive(Debug, Clone)]
pub(super) struct Place {
    database: String,
    prefix: String,
}

impl Place {
    /// The name of a table of ours, quoted, with its database.
    pub(super) fn table(&self, name: &str) -> String {
        format!("`{}`.`{}{name}`", self.database.replace('`', "``"), self.prefix)
    }

    /// A step as it is applied here.
    fn step(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace(WRITTEN_PREFIX, &self.prefix))
    }
}

/// An opening: a connection, and the store's name in messages.
pub(super) struct Opening<'a> {
    pub(super) connection: &'a mut MySqlConnection,
    pub(super) store: &'a str,
}

impl Opening<'_> {
    /// Brings the tables to this library's version, in the database of the connection. A user who may make none can open
    /// tables that are up to date.
    pub(super) async fn prepare(&mut self, prefix: &str) -> Result<Place, StoreError> {
        let place = Place { database: self.look().await?, prefix: prefix.to_owned() };
        let mut found = self.version(&place).await?;
        let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
        if found < known {
            found = self.migrate(&place).await?;
        }
        if found > known {
            let reason =
                format!("its tables have version {found}, this library knows up to {known}: upgrade this process");
            return Err(fault::schema(self.store, reason));
        }
        self.check_engine(&place).await?;
        self.check_rights(&place).await?;
        Ok(place)
    }

    /// Whether commits are shown before they are kept: one that goes through the binary log is shown afterwards.
    pub(super) async fn shows_too_early(&mut self) -> Result<bool, StoreError> {
        let row = self.one("SELECT CONCAT(@@global.log_bin)").await?;
        let logs: Option<String> = row.map(|row| row.try_get(0)).transpose().map_err(|error| self.fault(error))?;
        Ok(!logs.is_some_and(|logs| matches!(&*logs, "1" | "ON")))
    }

    fn fault(&self, error: sqlx::Error) -> StoreError {
        fault::of(self.store, &error).error
    }

    async fn one(&mut self, statement: impl Into<String>) -> Result<Option<MySqlRow>, StoreError> {
        let row = sqlx::raw_sql(AssertSqlSafe(statement.into())).fetch_optional(&mut *self.connection).await;
        row.map_err(|error| self.fault(error))
    }

    async fn execute(&mut self, statement: AssertSqlSafe<String>) -> Result<(), StoreError> {
        let done = sqlx::raw_sql(statement).execute(&mut *self.connection).await;
        done.map(drop).map_err(|error| self.fault(error))
    }

    /// Whether the server is one to write to; the name of the database.
    async fn look(&mut self) -> Result<String, StoreError> {
        let look = "SELECT VERSION(), CONCAT(@@global.read_only), DATABASE()";
        let row = self.one(look).await?.ok_or_else(|| self.fault(sqlx::Error::RowNotFound))?;
        let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (version, read_only, database): (String, String, Option<String>) =
            read().map_err(|error| self.fault(error))?;
        check_version(&version).map_err(|reason| fault::schema(self.store, reason))?;
        if !matches!(&*read_only, "0" | "OFF") {
            let reason = "it is a replica, or `read_only` is on; give the primary's address".into();
            return Err(StoreError::ReadOnly { store: self.store.to_owned(), reason });
        }
        database.ok_or_else(|| {
            fault::schema(
                self.store,
                "the URL names no database: write it behind the host, `…@host:port/database`".into(),
            )
        })
    }

    /// The version of the tables; 0 where there are none.
    async fn version(&mut self, place: &Place) -> Result<i64, StoreError> {
        if self.engine(place, "migrations").await?.is_none() {
            return Ok(0);
        }
        let newest = format!("SELECT COALESCE(MAX(version), 0) FROM {}", place.table("migrations"));
        let newest = self.one(newest).await?.map(|row| row.try_get(0)).transpose();
        Ok(newest.map_err(|error| self.fault(error))?.unwrap_or(0))
    }

    /// What keeps a table; `None` where there is no such table, or this user may not see it.
    async fn engine(&mut self, place: &Place, table: &str) -> Result<Option<String>, StoreError> {
        let (database, name) = (text(Some(&place.database)), text(Some(&format!("{}{table}", place.prefix))));
        let engine = format!(
            "SELECT COALESCE(engine, 'none') FROM information_schema.tables
             WHERE table_schema = {database} AND table_name = {name}"
        );
        let engine = self.one(engine).await?.map(|row| row.try_get(0)).transpose();
        engine.map_err(|error| self.fault(error))
    }

    /// Applies what is missing, one process at a time. The lock goes with the connection, however this ends.
    async fn migrate(&mut self, place: &Place) -> Result<i64, StoreError> {
        let lock = text(Some(&place.table("migrations")));
        // The name of a lock is 64 characters long at most.
        let lock = format!("CONCAT('idem.', LEFT(SHA2({lock}, 256), 40))");
        let locked = self.one(format!("SELECT GET_LOCK({lock}, {WAIT})")).await?;
        let locked: Option<i64> = locked.and_then(|row| row.try_get(0).ok());
        if locked != Some(1) {
            let reason =
                format!("another process has been making the tables for {WAIT} seconds: look at what it waits for");
            return Err(fault::unavailable(self.store, reason));
        }
        self.execute(place.step(LEDGER)).await?;
        let found = self.version(place).await?;
        for Migration { version, name, sql } in MIGRATIONS.iter().filter(|migration| migration.version > found) {
            self.execute(place.step(sql)).await?;
            let enter = format!(
                "INSERT INTO idem_migrations (version, name, applied_at) VALUES ({version}, '{name}', {CLOCK})
                 ON DUPLICATE KEY UPDATE version = version"
            );
            self.execute(place.step(&enter)).await?;
        }
        self.one(format!("SELECT RELEASE_LOCK({lock})")).await?;
        Ok(found.max(MIGRATIONS.last().map_or(0, |migration| migration.version)))
    }

    /// Other engines have no transactions, or no locks on rows.
    async fn check_engine(&mut self, place: &Place) -> Result<(), StoreError> {
        let table = place.table("records");
        let reason = match self.engine(place, "records").await?.as_deref() {
            Some(engine) if engine.eq_ignore_ascii_case("InnoDB") => return Ok(()),
            Some(engine) => {
                format!("{table} is kept by {engine}, which cannot undo a write: ALTER TABLE {table} ENGINE = InnoDB")
            }
            None => format!(
                "{table} is missing and the table of migrations says that it was made: restore it, or drop that table too"
            ),
        };
        Err(fault::schema(self.store, reason))
    }

    /// Says at the start what would fail at the first call, by statements that concern no row.
    async fn check_rights(&mut self, place: &Place) -> Result<(), StoreError> {
        let table = place.table("records");
        self.execute(AssertSqlSafe(format!(
            "INSERT INTO {table} SELECT * FROM {table} WHERE FALSE; UPDATE {table} SET revision = revision WHERE FALSE;
             DELETE FROM {table} WHERE FALSE"
        )))
        .await
    }
}

/// Whether a session that is not set by us keeps what it is given as it is given, and ends its transactions.
pub(super) async fn check_session(connection: &mut MySqlConnection, store: &str) -> Result<(), StoreError> {
    let look = "SELECT CONCAT(@@sql_mode), CONCAT(@@character_set_client, ' ', @@character_set_results),
                CONCAT(@@completion_type)";
    let fault = |error| fault::of(store, &error).error;
    let row = sqlx::raw_sql(look).fetch_one(connection).await.map_err(fault)?;
    let read = |column: usize| row.try_get::<String, _>(column).map_err(fault);
    let (mode, characters, completion) = (read(0)?, read(1)?, read(2)?);
    let refuse = |found: &str, needed: &str| {
        let reason =
            format!("the pool's sessions have {found}: {needed}, in the server's settings or in `after_connect`");
        Err(fault::schema(store, reason))
    };
    if !mode.split(',').any(|mode| matches!(mode, "STRICT_ALL_TABLES" | "STRICT_TRANS_TABLES")) {
        return refuse(&format!("`sql_mode = '{mode}'`"), "add STRICT_ALL_TABLES, or values that do not fit are cut");
    }
    if characters != "utf8mb4 utf8mb4" {
        return refuse(&format!("the character sets `{characters}`"), "`SET NAMES utf8mb4`, or texts are changed");
    }
    if completion != "NO_CHAIN" {
        return refuse(
            &format!("`completion_type = {completion}`"),
            "set it to `NO_CHAIN`, or transactions do not end",
        );
    }
    Ok(())
}

fn check_version(version: &str) -> Result<(), String> {
    let mut numbers = version.split(['.', '-']).map_while(|number| number.parse().ok());
    let found: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let oldest = if version.contains("MariaDB") { OLDEST_MARIADB } else { OLDEST_MYSQL };
    if found >= oldest {
        return Ok(());
    }
    let (my, maria) = (OLDEST_MYSQL, OLDEST_MARIADB);
    Err(format!(
        "its server has version {version}: MySQL {}.{} or MariaDB {}.{} or newer is needed",
        my.0, my.1, maria.0, maria.1
    ))
}

#[cfg(test)]
mod tests {
    use super::check_version;

    #[test]
    fn a_server_without_skip_locked_is_too_old() {
        for good in
            ["8.0.36", "8.4.0-log", "9.7.4-2", "10.6.0-MariaDB", "10.11.19-MariaDB-0+deb12u1", "11.4.2-MariaDB-log"]
        {
            assert_eq!(check_version(good), Ok(()), "{good}");
        }
        for bad in ["5.7.44-log", "10.5.9-MariaDB", "what", ""] {
            assert!(check_version(bad).is_err(), "{bad}");
        }
    }
}
