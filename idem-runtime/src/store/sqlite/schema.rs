//! The tables, and the way from any version of them to this one.

use sqlx::{Row, SqliteConnection};

use super::database::Database;
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
    version    INTEGER NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT";

/// Changes nothing, and fails where nothing can be changed: `BEGIN IMMEDIATE` of a read-only file does not.
const PROBE: &str = "UPDATE idem_migrations SET applied_at = applied_at WHERE version < 0";

/// Brings the tables to this library's version. In one transaction, so that of many processes one does it and the others find it done.
///
/// # Errors
/// [`StoreError::Schema`] where the tables are of a newer version, or somebody else's; [`StoreError::ReadOnly`].
pub(super) async fn migrate(database: &Database, connection: &mut SqliteConnection) -> Result<(), StoreError> {
    begin(database, connection).await?;
    let found = apply(database, connection).await.map_err(|error| database.fault(error))?;
    let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
    if found > known {
        let reason = format!("its tables have version {found}, this library knows up to {known}: upgrade this process");
        return Err(fault::schema(database.path(), &reason));
    }
    Ok(())
}

async fn begin(database: &Database, connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut patience = database.patience();
    loop {
        match sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *connection).await {
            Ok(_) => return Ok(()),
            Err(error) if patience.allows(&error) => {}
            Err(error) => return Err(database.fault(error)),
        }
    }
}

/// Applies what is missing, commits, and answers the version found.
async fn apply(database: &Database, connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::raw_sql(LEDGER).execute(&mut *connection).await?;
    sqlx::raw_sql(PROBE).execute(&mut *connection).await?;
    let newest = "SELECT coalesce(max(version), 0) FROM idem_migrations";
    let found: i64 = sqlx::query(newest).fetch_one(&mut *connection).await?.try_get(0)?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > found) {
        sqlx::raw_sql(migration.sql).execute(&mut *connection).await?;
        sqlx::query("INSERT INTO idem_migrations (version, name, applied_at) VALUES (?1, ?2, ?3)")
            .bind(migration.version)
            .bind(migration.name)
            .bind(database.now().as_micros())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(found)
}
