//! Records in an SQLite file: [`transition`](crate::transition) inside `BEGIN IMMEDIATE`, for all processes of one machine.

mod builder;
mod database;
mod describe;
mod fault;
mod patience;
mod read;
mod readers;
mod row;
mod schema;
mod sweep;
mod within;
mod write;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use self::builder::SqliteStoreBuilder;
use self::database::Database;
use self::readers::Readers;
use self::within::InTransaction;
use self::writer::{Pen, Writer};
use super::within::{SQLITE, TxConnection, Within};
use super::{Description, ListQuery, Store, StoreError, StoreFuture, SweepReport};
use crate::claim::{
    AdmitRequest, AdmitVerdict, CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, ClearVerdict,
    CompleteRequest, CompleteVerdict, FailRequest, FailVerdict, RenewRequest, RenewVerdict, ResolveRequest,
    ResolveVerdict,
};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::Record;
use crate::transition;

/// Records in an SQLite file: they outlive the process and a power cut, and every process of the machine that opens the
/// file shares them. Clones share the connections.
///
/// The file is in WAL mode with `synchronous = FULL`: an answer was on the disk before it was given. It must lie on a
/// local disk, since SQLite's locks do not hold on network file systems. The rules are in `docs/spec/store.md`.
///
/// It works on any async runtime, and goes on where that one is blocked: transactions run on a thread of the store's own.
///
/// ```
/// # use idem_runtime as idem;
/// # async fn example(folder: &std::path::Path) -> Result<(), idem::StoreError> {
/// use idem::SqliteStore;
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
    writer: Writer,
    readers: Readers,
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

    fn over(database: Arc<Database>) -> Result<Self, StoreError> {
        let writer = Writer::start(Arc::clone(&database))?;
        Ok(Self { inner: Arc::new(Inner { database, writer, readers: Readers::new() }) })
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.inner.database.path()).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        Box::pin(self.inner.step(&request.key, request, transition::claim))
    }

    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
        Box::pin(self.inner.step(&request.key, request, transition::admit))
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        Box::pin(self.inner.renew(requests))
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(self.inner.step(&request.claim.key, request, transition::complete))
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        Box::pin(self.inner.step(&request.claim.key, request, transition::fail))
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        Box::pin(self.inner.step(&request.key, request, transition::cancel))
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        Box::pin(self.inner.clear(key, force))
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        Box::pin(self.inner.step(key, request, transition::resolve))
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        Box::pin(self.inner.get(key))
    }

    fn now<'a>(&'a self, _key: &'a Key) -> StoreFuture<'a, Timestamp> {
        Box::pin(async move { Ok(self.inner.database.now()) })
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

    fn within<'a>(&'a self, connection: TxConnection<'a>) -> Result<Box<dyn Within + 'a>, TxConnection<'a>> {
        match connection {
            TxConnection::Sqlite(connection) => {
                Ok(Box::new(InTransaction { database: Arc::clone(&self.inner.database), connection }))
            }
            #[allow(unreachable_patterns, reason = "the other drivers are not compiled in")]
            other => Err(other),
        }
    }

    fn transactions(&self) -> Option<&'static str> {
        Some(SQLITE)
    }

    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        Box::pin(async move {
            let keeper = Self::over(Arc::clone(&self.inner.database))?;
            // It connects now, so that the first heartbeat does not wait for it.
            keeper.inner.writer.run(Pen::connect).await?;
            let keeper: Arc<dyn Store> = Arc::new(keeper);
            Ok(keeper)
        })
    }
}
