//! Records in an SQLite file: [`transition`](crate::transition) inside `BEGIN IMMEDIATE`, for all processes of one machine.

mod builder;
mod database;
mod describe;
mod fault;
mod lanes;
mod patience;
mod read;
mod row;
mod schema;
mod sweep;
mod write;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use self::builder::SqliteStoreBuilder;
use self::database::Database;
use self::lanes::Lanes;
use super::{Description, ListQuery, Store, StoreError, StoreFuture, SweepReport};
use crate::claim::{
    CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, ClearVerdict, CompleteRequest, CompleteVerdict,
    FailRequest, FailVerdict, RenewRequest, RenewVerdict, ResolveRequest, ResolveVerdict,
};
use crate::key::Key;
use crate::record::Record;
use crate::transition;

/// How many duplicates are looked up at once. SQLite reads in parallel; more threads than a machine has cores do not help.
const READERS: usize = 4;

/// Records in an SQLite file: they outlive the process and a power cut, and every process of the machine that opens the
/// file shares them. Clones share the connections.
///
/// The file is in WAL mode with `synchronous = FULL`: an answer was on the disk before it was given. It must lie on a
/// local disk, since SQLite's locks do not hold on network file systems. The rules are in `docs/spec/store.md`.
///
/// It needs no async runtime of a certain kind: each connection is a thread of its own.
///
/// ```
/// # async fn example(folder: &std::path::Path) -> Result<(), idem_runtime::StoreError> {
/// use idem_runtime::SqliteStore;
/// use std::time::Duration;
/// let store = SqliteStore::open(folder.join("idem.db")).await?;
/// let patient = SqliteStore::builder(folder.join("idem.db")).busy_timeout(Duration::from_secs(20)).open().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    database: Arc<Database>,
    /// SQLite has one writer at a time: who waits in line here does not wait in a busy loop there.
    writer: Lanes,
    readers: Lanes,
}

impl SqliteStore {
    /// Opens the file with the default settings; creates it where it is missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the folder is missing, the path is none of a file, or another process holds the
    /// file; [`StoreError::ReadOnly`] and [`StoreError::Full`] where nothing can be written; [`StoreError::Schema`] for a
    /// file that is no database, for tables of a newer version and for a database in memory.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the file as it was, or ready; never half made.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder(path).open().await
    }

    /// A store with settings of its own.
    pub fn builder(path: impl AsRef<Path>) -> SqliteStoreBuilder {
        SqliteStoreBuilder::new(path.as_ref())
    }

    fn over(database: Arc<Database>) -> Self {
        Self { inner: Arc::new(Inner { database, writer: Lanes::new(1), readers: Lanes::new(READERS) }) }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.inner.database.path()).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        Box::pin(self.inner.step(&request.key, |record, now| transition::claim(record, request, now)))
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        Box::pin(self.inner.renew(requests))
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(self.inner.step(&request.claim.key, |record, now| transition::complete(record, request, now)))
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        Box::pin(self.inner.step(&request.claim.key, |record, now| transition::fail(record, request, now)))
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        Box::pin(self.inner.step(&request.key, |record, now| transition::cancel(record, request, now)))
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        Box::pin(self.inner.clear(key, force))
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        Box::pin(self.inner.step(key, |record, now| transition::resolve(record, request, now)))
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        Box::pin(self.inner.get(key))
    }

    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
        Box::pin(self.inner.list(query))
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport> {
        Box::pin(self.inner.sweep(limit))
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        Box::pin(self.inner.describe())
    }

    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        Box::pin(async move {
            let keeper = Self::over(Arc::clone(&self.inner.database));
            // The connection is opened now, so that the first heartbeat does not wait for it.
            keeper.inner.writer.take(&keeper.inner.database).await?.give_back();
            let keeper: Arc<dyn Store> = Arc::new(keeper);
            Ok(keeper)
        })
    }
}
