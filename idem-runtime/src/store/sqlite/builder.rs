//! Settings of a store, and its opening.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::SqliteStore;
use super::database::Database;
use super::schema;
use super::writer::Pen;
use crate::clock::{Clock, SystemClock};
use crate::store::StoreError;

/// Far more than a write takes, and less than a queue's usual patience with a worker.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Settings of a [`SqliteStore`].
#[derive(Debug)]
#[must_use]
pub struct SqliteStoreBuilder {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    busy_timeout: Duration,
    max_size: Option<u64>,
}

impl SqliteStoreBuilder {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), clock: Arc::new(SystemClock), busy_timeout: BUSY_TIMEOUT, max_size: None }
    }

    /// The clock that records live by; default the machine's. All processes that share the file must go by the same.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How long a write waits for another process that holds the file; default 5 seconds.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How many bytes the file may grow to; default no limit but the disk's. At the limit new records are refused
    /// ([`StoreError::Full`]), never old ones evicted. The write-ahead log beside the file does not count.
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = Some(bytes);
        self
    }

    /// Opens the file; creates it where it is missing, with its tables.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    ///
    /// # Cancel safety
    /// As [`SqliteStore::open`].
    pub async fn open(self) -> Result<SqliteStore, StoreError> {
        let database = Database::new(&self.path, self.clock, self.busy_timeout, self.max_size)?;
        let store = SqliteStore::over(Arc::new(database))?;
        store.inner.writer.run(create).await?;
        Ok(store)
    }
}

fn create(pen: &mut Pen) -> Result<(), StoreError> {
    let mut connection = pen.wait(pen.database.create())?;
    pen.wait(schema::migrate(&pen.database, &mut connection))?;
    pen.database.remember_file();
    pen.put(connection);
    Ok(())
}
