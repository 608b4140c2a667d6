//! Connections that read, and who waits for one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::SqliteConnection;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::database::Database;
use super::patience::Patience;
use crate::store::StoreError;

/// How many duplicates are looked up at once. More threads than a machine has cores do not help.
const READERS: usize = 4;

/// A few connections. Callers wait for one in the order they came.
pub(super) struct Readers {
    free: Mutex<Vec<SqliteConnection>>,
    permits: Semaphore,
}

impl Readers {
    pub(super) fn new() -> Self {
        Self { free: Mutex::default(), permits: Semaphore::new(READERS) }
    }

    /// A connection; opened where none is free.
    pub(super) async fn take<'a>(&'a self, database: &'a Database) -> Result<Reader<'a>, StoreError> {
        let permit = self.permits.acquire().await.map_err(|_| database.unavailable("it was closed"))?;
        database.check_file()?;
        let free = lock(&self.free).pop();
        let connection = match free {
            Some(connection) => connection,
            None => database.connect().await?,
        };
        Ok(Reader { readers: self, connection, patience: database.patience(), _permit: permit })
    }
}

/// A connection in use. Unless it is given back it is closed: a dropped future and a failed statement need no care.
pub(super) struct Reader<'a> {
    readers: &'a Readers,
    pub(super) connection: SqliteConnection,
    pub(super) patience: Patience,
    _permit: SemaphorePermit<'a>,
}

impl Reader<'_> {
    /// Ends the use.
    pub(super) fn give_back(self) {
        lock(&self.readers.free).push(self.connection);
    }
}

/// A panic cannot leave the list half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
