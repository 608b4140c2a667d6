//! The file, how to connect to it, and how long to wait for it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};

use super::fault;
use super::patience::{Patience, SLICE};
use crate::clock::{Clock, Timestamp};
use crate::store::StoreError;

/// A database file and the settings that its connections share.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    busy_timeout: Duration,
    max_size: Option<u64>,
    file: OnceLock<FileId>,
}

impl Database {
    /// # Errors
    /// For a path that names no file.
    pub(super) fn new(
        path: &Path,
        clock: Arc<dyn Clock>,
        busy_timeout: Duration,
        max_size: Option<u64>,
    ) -> Result<Self, StoreError> {
        let unusable = |reason: &str| fault::schema(path, reason);
        let Some(text) = path.to_str() else {
            return Err(unusable("its path is not UTF-8, which SQLite needs: rename the file or its folder"));
        };
        if text.is_empty() || text.contains(":memory:") || text.contains("mode=memory") {
            let reason = "it would be a database in memory, which no other connection sees: give the path of a file, or use `MemoryStore`";
            return Err(unusable(reason));
        }
        if text.starts_with("file:") || text.starts_with("sqlite:") {
            return Err(unusable("a path is expected, not a URL: leave out what stands before the path"));
        }
        // A later change of the working directory must not lead to another file.
        let path = std::path::absolute(path).map_err(|error| unusable(&error.to_string()))?;
        Ok(Self { path, clock, busy_timeout, max_size, file: OnceLock::new() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    /// How long to wait for another connection.
    pub(super) fn patience(&self) -> Patience {
        Patience::of(self.busy_timeout)
    }

    /// The first connection: makes the file where it is missing, and puts it into WAL mode, which stays with the file.
    pub(super) async fn create(&self) -> Result<SqliteConnection, StoreError> {
        let mut connection = self.establish(true).await?;
        let mut patience = self.patience();
        let mode = loop {
            match text(&mut connection, "PRAGMA journal_mode = WAL").await {
                Ok(mode) => break mode,
                Err(error) if patience.allows(&error) => {}
                Err(error) => return Err(self.fault(error)),
            }
            // The change of mode does not wait for the lock that it needs; this does.
            match sqlx::raw_sql("BEGIN EXCLUSIVE; ROLLBACK").execute(&mut connection).await {
                Ok(_) => {}
                Err(error) if fault::is_busy(&error) => {}
                Err(error) => return Err(self.fault(error)),
            }
        };
        if mode != "wal" {
            let reason = format!(
                "its journal mode stays `{mode}` where `wal` is needed: put the file on a local disk, not on a network file system"
            );
            return Err(fault::schema(&self.path, &reason));
        }
        Ok(connection)
    }

    /// A further connection to the file.
    pub(super) async fn connect(&self) -> Result<SqliteConnection, StoreError> {
        self.establish(false).await
    }

    async fn establish(&self, create: bool) -> Result<SqliteConnection, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(create)
            .busy_timeout(SLICE)
            .synchronous(SqliteSynchronous::Full)
            .thread_name(|number| format!("idem-sqlite-{number}"))
            .disable_statement_logging();
        let mut patience = self.patience();
        let mut connection = loop {
            match options.connect().await {
                Ok(connection) => break connection,
                Err(error) if patience.allows(&error) => {}
                Err(error) => return Err(self.fault(error)),
            }
        };
        if let Some(bytes) = self.max_size {
            self.limit(&mut connection, bytes).await.map_err(|error| self.fault(error))?;
        }
        Ok(connection)
    }

    async fn limit(&self, connection: &mut SqliteConnection, bytes: u64) -> Result<(), sqlx::Error> {
        let page: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut *connection).await?;
        let pages = bytes / u64::try_from(page).unwrap_or(4096).max(1);
        let pages = pages.clamp(1, u64::from(u32::MAX - 1));
        let limit = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        sqlx::raw_sql(limit).execute(connection).await.map(drop)
    }

    /// Remembers which file was opened.
    pub(super) fn remember_file(&self) {
        if let Some(id) = file_id(&self.path) {
            _ = self.file.set(id);
        }
    }

    /// Whether the path still leads to the file that was opened. Connections go on writing to a file that was removed,
    /// while other processes make a new one: two stores, and a second body for every key.
    pub(super) fn check_file(&self) -> Result<(), StoreError> {
        if self.file.get().is_none_or(|opened| file_id(&self.path).as_ref() == Some(opened)) {
            return Ok(());
        }
        let reason = "the file was removed or replaced while it was open: stop all processes that use it, put the file back, and start them again";
        Err(fault::schema(&self.path, reason))
    }

    pub(super) fn fault(&self, error: sqlx::Error) -> StoreError {
        fault::of(self, error)
    }

    pub(super) fn unavailable(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Unavailable { store: fault::name(&self.path), reason: reason.into() }
    }
}

/// The answer of a statement that gives one text.
pub(super) async fn text(connection: &mut SqliteConnection, sql: &'static str) -> Result<String, sqlx::Error> {
    let row: SqliteRow = sqlx::query(sql).fetch_one(connection).await?;
    row.try_get(0)
}

/// Device and number of a file: what stays the same while it is the same file.
#[cfg(unix)]
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
type FileId = ();

#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}
