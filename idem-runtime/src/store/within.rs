//! Records reached over the caller's own transaction, so that claim, effect and result are committed together.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::StoreFuture;
use crate::claim::{ClaimRequest, ClaimVerdict, CompleteRequest, CompleteVerdict};

/// A connection that a transactional task may be given: `transaction = tx`, where `tx` is a `&mut` of one of
/// `sqlx::SqliteConnection`, `sqlx::PgConnection` and `sqlx::MySqlConnection`, or of a `sqlx::Transaction` on one, each with
/// the feature of its store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no connection that a transaction can run on",
    label = "is named by `transaction`",
    note = "the argument is `&mut sqlx::PgConnection`, `&mut sqlx::MySqlConnection` or `&mut sqlx::SqliteConnection`, or a `&mut sqlx::Transaction` on one; the feature of the store (`postgres`, `mysql`, `sqlite`) must be on"
)]
pub trait Transactional: sealed::Sealed {
    /// The connection itself.
    #[doc(hidden)]
    fn connection(&mut self) -> TxConnection<'_>;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// The kinds of connections, as the attributes know them too.
#[cfg(feature = "sqlite")]
pub(super) const SQLITE: &str = "SQLite";
#[cfg(feature = "postgres")]
pub(super) const POSTGRES: &str = "PostgreSQL";
#[cfg(feature = "mysql")]
pub(super) const MYSQL: &str = "MySQL";
#[cfg(any(test, feature = "testing"))]
pub(crate) const MEMORY: &str = "memory";

/// A transaction of the testing kit, whose records are committed with it.
#[cfg(any(test, feature = "testing"))]
pub trait InMemory: Send {
    /// The records of a store, over this transaction.
    fn over<'a>(&'a mut self, store: &super::memory::MemoryStore) -> Box<dyn Within + 'a>;
}

/// A caller's connection; made by [`Transactional`].
#[non_exhaustive]
pub enum TxConnection<'a> {
    /// To an SQLite file.
    #[cfg(feature = "sqlite")]
    Sqlite(&'a mut sqlx::SqliteConnection),
    /// To a PostgreSQL server.
    #[cfg(feature = "postgres")]
    Postgres(&'a mut sqlx::PgConnection),
    /// To a MySQL or MariaDB server.
    #[cfg(feature = "mysql")]
    MySql(&'a mut sqlx::MySqlConnection),
    /// To a database of the testing kit.
    #[cfg(any(test, feature = "testing"))]
    #[doc(hidden)]
    Memory(&'a mut (dyn InMemory + 'static)),
    /// None: without a driver there are no connections.
    #[doc(hidden)]
    Never(Infallible, PhantomData<&'a mut ()>),
}

impl TxConnection<'_> {
    /// The kind of its server or file.
    pub fn kind(&self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => SQLITE,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => POSTGRES,
            #[cfg(feature = "mysql")]
            Self::MySql(_) => MYSQL,
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(_) => MEMORY,
            Self::Never(never, _) => match *never {},
        }
    }
}

impl fmt::Debug for TxConnection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TxConnection").field(&self.kind()).finish()
    }
}

/// A store's records, reached over a caller's transaction. One statement after the other; none of them commits or rolls
/// back the caller's transaction.
pub trait Within: Send {
    /// Marks the point to which [`leave`](Within::leave) goes back, and how long a rival's transaction is waited for: as long as
    /// the connection itself says, where nothing is given.
    fn enter<'a>(&'a mut self, mark: &'a Mark, wait: Option<Duration>) -> StoreFuture<'a, ()>;

    /// As [`Store::claim`](super::Store::claim). `None`: a rival's transaction holds the key and did not end in time.
    fn claim<'a>(&'a mut self, request: &'a ClaimRequest) -> StoreFuture<'a, Option<ClaimVerdict>>;

    /// The claim is granted: what the body does on the connection goes by the caller's own settings again.
    fn hand_over(&mut self) -> StoreFuture<'_, ()>;

    /// As [`Store::complete`](super::Store::complete).
    fn complete<'a>(&'a mut self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict>;

    /// Keeps what was done since the mark, or undoes it. `false`: the mark is gone, since the transaction in which it was
    /// made has ended.
    fn leave<'a>(&'a mut self, mark: &'a Mark, ending: Ending) -> StoreFuture<'a, bool>;
}

/// A point in a transaction, of a name of its own.
#[derive(Debug, Clone)]
pub struct Mark(String);

impl Mark {
    /// A new one.
    pub fn new() -> Self {
        let number: u64 = rand::random();
        Self(format!("idem_{number:016x}"))
    }

    /// The savepoint's name: letters, digits and an underscore.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Default for Mark {
    fn default() -> Self {
        Self::new()
    }
}

/// What becomes of what was done since a [`Mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It stays, and is committed or rolled back with the caller's transaction.
    Keep,
    /// It is undone.
    Undo,
}
