//! The tables, and the way from any version of them to this one.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::fault;
use crate::store::StoreError;

/// One step of the schema. Steps are only ever added; a step that was released never changes.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[Migration { version: 1, name: "records", sql: include_str!("0001_records.sql") }];

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS idem_migrations (
    version    bigint PRIMARY KEY,
    name       text NOT NULL,
    applied_at bigint NOT NULL
)";

/// The prefix of the names as they stand in the steps.
const WRITTEN_PREFIX: &str = "idem_";

/// `AS MATERIALIZED` is of version 12.
const OLDEST_SERVER: i32 = 120_000;

/// Of ten processes that start at once one makes the tables, the others wait so long at most.
const WAIT: &str = "20s";

/// Where the tables are.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) schema: String,
    prefix: String,
}

impl Place {
    /// The name of a table of ours, quoted, with its schema.
    pub(super) fn table(&self, name: &str) -> String {
        format!("{}.\"{}{name}\"", self.quoted_schema(), self.prefix)
    }

    /// The one that the connection came with may have any name.
    fn quoted_schema(&self) -> String {
        format!("\"{}\"", self.schema.replace('"', "\"\""))
    }

    /// A step as it is applied here.
    fn step(&self, sql: &'static str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace(WRITTEN_PREFIX, &self.prefix))
    }
}

/// An opening: a connection, the store's name in messages, and where its tables are to be.
pub(super) struct Opening<'a> {
    pub(super) connection: &'a mut PgConnection,
    pub(super) store: &'a str,
}

impl Opening<'_> {
    /// Brings the tables to this library's version, in the schema of this name or in the one that the connection makes
    /// its tables in. A role that may make none can open tables that are up to date.
    pub(super) async fn prepare(&mut self, schema: Option<&str>, prefix: &str) -> Result<Place, StoreError> {
        let schema = self.look(schema).await?;
        let place = Place { schema, prefix: prefix.to_owned() };
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
        self.check_rights(&place).await?;
        Ok(place)
    }

    fn fault(&self, error: sqlx::Error) -> StoreError {
        fault::of(self.store, &error).error
    }

    /// Whether the server is one to write to, and the schema.
    async fn look(&mut self, schema: Option<&str>) -> Result<String, StoreError> {
        let look = sqlx::query(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),
                 current_setting('server_encoding'), current_setting('transaction_read_only') = 'on',
                 (SELECT nspname::text FROM pg_namespace WHERE nspname = coalesce($1, current_schema()))",
        );
        let row = look.bind(schema).fetch_one(&mut *self.connection).await.map_err(|error| self.fault(error))?;
        let read = || {
            let version: (i32, String) = (row.try_get(0)?, row.try_get(1)?);
            Ok((
                version,
                row.try_get::<String, _>(2)?,
                row.try_get::<bool, _>(3)?,
                row.try_get::<Option<String>, _>(4)?,
            ))
        };
        let ((number, version), encoding, read_only, found) = read().map_err(|error| self.fault(error))?;
        if number < OLDEST_SERVER {
            return Err(fault::schema(self.store, format!("its server has version {version}: 12 or newer is needed")));
        }
        if encoding != "UTF8" {
            let reason =
                format!("its encoding is {encoding}, in which not every text can be kept: use a UTF8 database");
            return Err(fault::schema(self.store, reason));
        }
        if read_only {
            let reason = "it is a standby, or `default_transaction_read_only` is on; give the primary's address".into();
            return Err(StoreError::ReadOnly { store: self.store.to_owned(), reason });
        }
        found.ok_or_else(|| {
            let reason = match schema {
                Some(schema) => format!("there is no schema `{schema}` that this role sees: CREATE SCHEMA {schema}"),
                None => "no schema of the role's search_path exists: set it, or name a schema".to_owned(),
            };
            fault::schema(self.store, reason)
        })
    }

    /// The version of the tables; 0 where there are none.
    async fn version(&mut self, place: &Place) -> Result<i64, StoreError> {
        let ledger = place.table("migrations");
        let there = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(&ledger);
        let there: bool = there.fetch_one(&mut *self.connection).await.map_err(|error| self.fault(error))?;
        if !there {
            return Ok(0);
        }
        let newest = AssertSqlSafe(format!("SELECT coalesce(max(version), 0) FROM {ledger}"));
        sqlx::query_scalar(newest).fetch_one(&mut *self.connection).await.map_err(|error| self.fault(error))
    }

    /// Applies what is missing, in one transaction and one process at a time.
    async fn migrate(&mut self, place: &Place) -> Result<i64, StoreError> {
        let store = self.store;
        let fault = |error: sqlx::Error| fault::of(store, &error).error;
        let mut transaction = self.connection.begin().await.map_err(fault)?;
        let alone = format!(
            "SET LOCAL lock_timeout = '{WAIT}'; SET LOCAL statement_timeout = 0; SET LOCAL search_path = {};
             SET LOCAL synchronous_commit = on; SELECT pg_advisory_xact_lock(hashtextextended('{}', 0))",
            place.quoted_schema(),
            place.table("migrations").replace('\'', "''"),
        );
        sqlx::raw_sql(AssertSqlSafe(alone)).execute(&mut *transaction).await.map_err(fault)?;
        let found = Opening { connection: &mut transaction, store }.apply(place).await.map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
        Ok(found)
    }

    /// Answers the version that the tables have now.
    async fn apply(&mut self, place: &Place) -> Result<i64, sqlx::Error> {
        // Whether the tables are there must not be asked otherwise: the server remembers for the transaction that they
        // were not, until it makes or reads one.
        sqlx::raw_sql(place.step(LEDGER)).execute(&mut *self.connection).await?;
        let newest = place.step("SELECT coalesce(max(version), 0) FROM idem_migrations");
        let found: i64 = sqlx::query_scalar(newest).fetch_one(&mut *self.connection).await?;
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > found) {
            sqlx::raw_sql(place.step(migration.sql)).execute(&mut *self.connection).await?;
            let enter = "INSERT INTO idem_migrations (version, name, applied_at)
                VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)";
            let enter = sqlx::query(place.step(enter)).bind(migration.version).bind(migration.name);
            enter.execute(&mut *self.connection).await?;
        }
        Ok(found.max(MIGRATIONS.last().map_or(0, |migration| migration.version)))
    }

    /// Says at the start what would fail at the first call.
    async fn check_rights(&mut self, place: &Place) -> Result<(), StoreError> {
        let missing = sqlx::query_scalar(
            "SELECT CASE WHEN to_regclass($1) IS NULL THEN 'the table' ELSE
                 (SELECT string_agg(needed, ', ') FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS needed
                  WHERE NOT has_table_privilege(to_regclass($1), needed)) END",
        );
        let table = place.table("records");
        let missing = missing.bind(&table).fetch_one(&mut *self.connection);
        let missing: Option<String> = missing.await.map_err(|error| self.fault(error))?;
        match missing.as_deref() {
            None => Ok(()),
            Some("the table") => {
                let reason = format!(
                    "{table} is missing and idem_migrations says that it was made: restore it, or drop idem_migrations too"
                );
                Err(fault::schema(self.store, reason))
            }
            Some(missing) => {
                let reason = format!("the role lacks {missing}; GRANT {missing} ON {table} to it");
                Err(StoreError::ReadOnly { store: self.store.to_owned(), reason })
            }
        }
    }
}
