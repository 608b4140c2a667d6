//! Connections in use, and who waits for one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::SqliteConnection;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::database::Database;
use super::fault;
use super::patience::Patience;
use crate::store::StoreError;

/// A few connections of one kind. Callers wait for one in the order they came.
pub(super) struct Lanes {
    free: Mutex<Vec<SqliteConnection>>,
    permits: Semaphore,
    /// How often a caller waited in vain for another process.
    in_vain: AtomicU64,
}

impl Lanes {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Mutex::default(), permits: Semaphore::new(count), in_vain: AtomicU64::new(0) }
    }

    /// A connection that is in the middle of nothing; opened where none is free.
    pub(super) async fn take<'a>(&'a self, database: &'a Database) -> Result<Lane<'a>, StoreError> {
        let came = self.in_vain.load(Ordering::Acquire);
        let permit = self.permits.acquire().await.map_err(|_| database.unavailable("it was closed"))?;
        database.check_file()?;
        let free = lock(&self.free).pop();
        let connection = match free {
            Some(connection) => connection,
            None => database.connect().await?,
        };
        // Else everybody in the line would wait the whole time-out, one after the other.
        let patient = came == self.in_vain.load(Ordering::Acquire);
        let patience = if patient { database.patience() } else { Patience::none() };
        Ok(Lane { lanes: self, connection, patience, _permit: permit })
    }

    /// Adds a connection that is in the middle of nothing.
    pub(super) fn put(&self, connection: SqliteConnection) {
        lock(&self.free).push(connection);
    }
}

/// A connection in use. Unless it is given back it is closed, and SQLite undoes what it was in the middle of: so a dropped
/// future, a failed statement and a failed commit need no care of their own.
pub(super) struct Lane<'a> {
    lanes: &'a Lanes,
    pub(super) connection: SqliteConnection,
    patience: Patience,
    _permit: SemaphorePermit<'a>,
}

impl Lane<'_> {
    /// Ends the use, outside any transaction.
    pub(super) fn give_back(self) {
        self.lanes.put(self.connection);
    }

    /// Whether to try again after an error that undid the statement: another connection holds the file, and has not for long.
    ///
    /// # Errors
    /// The error, where not.
    pub(super) fn again(&mut self, database: &Database, error: sqlx::Error) -> Result<(), StoreError> {
        if self.patience.allows(&error) {
            return Ok(());
        }
        if fault::is_busy(&error) {
            self.lanes.in_vain.fetch_add(1, Ordering::AcqRel);
        }
        Err(database.fault(error))
    }
}

/// A panic cannot leave the list half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
