//! A database in memory with transactions, for the world of an exploration.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::claim::{ClaimRequest, ClaimVerdict, CompleteRequest, CompleteVerdict};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::Record;
use crate::store::memory::{MemoryStore, Replacement};
use crate::store::{Ending, InMemory, Mark, StoreError, StoreFuture, Transactional, TxConnection, Within, sealed};
use crate::transition::{self, Change, Step};

/// A database in the world of an [`Explorer`](super::Explorer): rows of yours, whatever they are, and transactions on them.
/// A handler with `transaction = tx` is explored on its [`Transaction`]s: in an exploration the records of its calls are
/// committed with the rows, or not at all. Clones are the same database.
///
/// A transaction sees the rows as they were when it began, and its own changes. Of two that changed rows at the same time
/// the second to commit is refused, as under `SERIALIZABLE`; nothing is locked. One whose process is killed, or whose
/// future is dropped, is rolled back.
///
/// ```
/// # use idem_runtime as idem;
/// use idem::testing::Database;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let balances = Database::new(vec![100, 0]);
/// let mut tx = balances.begin().await;
/// tx.execute(|rows| { rows[0] -= 30; rows[1] += 30; }).await;
/// assert_eq!(balances.committed(), [100, 0]);
/// tx.commit().await?;
/// assert_eq!(balances.committed(), [70, 30]);
/// # Ok::<_, idem::StoreError>(())
/// # }).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Database<T>(Arc<Mutex<Committed<T>>>);

struct Committed<T> {
    rows: T,
    /// How often rows were committed.
    version: u64,
}

/// A transaction on a [`Database`]; dropped, it is rolled back.
pub struct Transaction<T> {
    database: Database<T>,
    /// Of the rows when it began.
    version: u64,
    work: Work<T>,
    /// What was done by each mark, the last behind.
    marks: Vec<(String, Work<T>)>,
}

/// What a transaction did.
#[derive(Clone)]
struct Work<T> {
    rows: T,
    has_rows: bool,
    records: Option<Records>,
}

/// The records of the calls that were made in a transaction, and the store that they are of.
#[derive(Debug, Clone)]
struct Records {
    store: MemoryStore,
    changed: BTreeMap<[u8; 32], Replacement>,
}

impl<T: Clone + Send + 'static> Database<T> {
    /// A database with these rows.
    pub fn new(rows: T) -> Self {
        Self(Arc::new(Mutex::new(Committed { rows, version: 0 })))
    }

    /// Begins a transaction; the caller waits, as for a server.
    ///
    /// # Cancel safety
    /// Dropped, no transaction was begun.
    pub async fn begin(&self) -> Transaction<T> {
        tokio::task::yield_now().await;
        let Committed { rows, version } = &*self.committed_rows();
        let work = Work { rows: rows.clone(), has_rows: false, records: None };
        Transaction { database: self.clone(), version: *version, work, marks: Vec::new() }
    }

    /// The rows that are committed: what an invariant looks at.
    pub fn committed(&self) -> T {
        self.committed_rows().rows.clone()
    }

    fn committed_rows(&self) -> MutexGuard<'_, Committed<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + Send + 'static> Transaction<T> {
    /// One statement: looks at the rows, or changes them. The caller waits before it and after it, as for a server.
    ///
    /// # Cancel safety
    /// Dropped, it was done or not; the transaction goes on.
    pub async fn execute<R>(&mut self, statement: impl FnOnce(&mut T) -> R) -> R {
        tokio::task::yield_now().await;
        self.work.has_rows = true;
        let done = statement(&mut self.work.rows);
        tokio::task::yield_now().await;
        done
    }

    /// Commits the rows and the records together. The caller waits before it and after it, as for a server.
    ///
    /// # Errors
    /// [`StoreError::Transaction`] where another has committed what this one was to change; then nothing is committed, and all of it has
    /// to be run again.
    ///
    /// # Cancel safety
    /// Dropped, it was committed or not.
    pub async fn commit(self) -> Result<(), StoreError> {
        tokio::task::yield_now().await;
        let is_committed = self.commits();
        tokio::task::yield_now().await;
        let reason = "another transaction committed first: run all of this one again";
        is_committed
            .then_some(())
            .ok_or_else(|| StoreError::Transaction { store: "the database in memory".into(), reason: reason.into() })
    }

    fn commits(self) -> bool {
        let Self { database, version, work: Work { rows, has_rows, records }, .. } = self;
        let mut committed = database.committed_rows();
        if has_rows && committed.version != version {
            return false;
        }
        if let Some(Records { store, changed }) = records
            && !store.replace(&changed.into_values().collect::<Vec<_>>())
        {
            return false;
        }
        if has_rows {
            *committed = Committed { rows, version: version + 1 };
        }
        true
    }
}

impl<T> Clone for Database<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Default + Clone + Send + 'static> Default for Database<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Database<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Transaction<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

impl<T> sealed::Sealed for Transaction<T> {}

impl<T: Clone + Send + 'static> Transactional for Transaction<T> {
    fn connection(&mut self) -> TxConnection<'_> {
        TxConnection::Memory(self)
    }
}

impl<T: Clone + Send + 'static> InMemory for Transaction<T> {
    fn over<'a>(&'a mut self, store: &MemoryStore) -> Box<dyn Within + 'a> {
        let fresh = || Records { store: store.clone(), changed: BTreeMap::new() };
        self.work.records.get_or_insert_with(fresh);
        Box::new(OnRecords(self))
    }
}

/// The records, over the transaction.
struct OnRecords<'a, T>(&'a mut Transaction<T>);

impl<T> OnRecords<'_, T> {
    async fn step<V>(&mut self, key: &Key, decide: impl FnOnce(Option<&Record>, Timestamp) -> Step<V>) -> Option<V> {
        tokio::task::yield_now().await;
        let Records { store, changed } = self.0.work.records.as_mut()?;
        let mine = changed.get(key.digest());
        let seen = mine.map_or_else(|| store.kept(key.digest()), |change| change.seen.clone());
        let found = mine.map(|change| Arc::clone(&change.by)).or_else(|| seen.clone());
        let Step { change, verdict } = decide(found.as_deref(), store.now());
        if let Change::Put(by) = change {
            changed.insert(*key.digest(), Replacement { seen, by });
        }
        Some(verdict)
    }
}

/// The transaction has no records: they were undone by a mark that is older than them.
fn none() -> StoreError {
    StoreError::Transaction { store: "the database in memory".into(), reason: "it has no records".into() }
}

impl<T: Clone + Send + 'static> Within for OnRecords<'_, T> {
    fn enter<'a>(&'a mut self, mark: &'a Mark, _: Option<Duration>) -> StoreFuture<'a, ()> {
        self.0.marks.push((mark.name().to_owned(), self.0.work.clone()));
        Box::pin(std::future::ready(Ok(())))
    }

    fn claim<'a>(&'a mut self, request: &'a ClaimRequest) -> StoreFuture<'a, Option<ClaimVerdict>> {
        Box::pin(async move {
            let claimed = self.step(&request.key, |record, now| transition::claim(record, request, now)).await;
            claimed.map(Some).ok_or_else(none)
        })
    }

    fn hand_over(&mut self) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn complete<'a>(&'a mut self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(async move {
            let key = &request.claim.key;
            let completed = self.step(key, |record, now| transition::complete(record, request, now)).await;
            completed.ok_or_else(none)
        })
    }

    fn leave<'a>(&'a mut self, mark: &'a Mark, ending: Ending) -> StoreFuture<'a, bool> {
        let marks = &mut self.0.marks;
        let place = marks.iter().rposition(|(name, _)| name == mark.name());
        let left = place.and_then(|place| marks.drain(place..).next());
        let is_left = left.is_some();
        if let (Some((_, work)), Ending::Undo) = (left, ending) {
            self.0.work = work;
        }
        Box::pin(std::future::ready(Ok(is_left)))
    }
}
