//! Records in PostgreSQL: for any number of machines, as durable as the server.

pub(crate) mod builder;
mod describe;
mod dialect;
mod fault;
mod row;
mod schema;
mod statements;
mod within;

use std::fmt;
use std::sync::Arc;

use sqlx::PgPool;

pub use self::builder::PostgresStoreBuilder;
use self::describe::Describe;
use self::dialect::Server;
use super::sql::lend::Lender;
use super::sql::operations::{KEEPER_CONNECTIONS, operations};
use super::sql::run::Core;
use super::sql::within::InTransaction;
use super::within::{POSTGRES, TxConnection, Within};
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

/// Records in a PostgreSQL database, version 12 or newer: every process that connects to it shares them. Clones share
/// the connections.
///
/// Answers are on the server's disk before they are given, whatever `synchronous_commit` says. Time is the server's. A
/// first call is two round trips, a duplicate one, and writes nothing. It needs a Tokio runtime. The rules, and what it cannot promise, are in
/// `docs/spec/store/postgres.md`.
///
/// ```no_run
/// # use idem_runtime as idem;
/// # async fn example() -> Result<(), idem::StoreError> {
/// use idem::PostgresStore;
/// let store = PostgresStore::connect("postgres://app:secret@db.internal/shop").await?;
/// let apart = PostgresStore::builder("postgres://app:secret@db.internal/shop").schema("idem").max_connections(4).open().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresStore {
    core: Arc<Core<Server>>,
}

impl PostgresStore {
    /// Connects with the default settings; makes the tables where they are missing.
    ///
    /// # Errors
    /// [`StoreError::Url`] for a URL that is none; [`StoreError::Unavailable`] where the server does not answer or does
    /// not let this user in; [`StoreError::ReadOnly`] for a standby and for a role without the rights to write;
    /// [`StoreError::Schema`] for a server before version 12, a database that is not in UTF8, a schema that does not
    /// exist, and for tables of a newer version.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the tables as they were, or ready; never half made.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::builder(url).open().await
    }

    /// A store on the application's own pool, for whoever counts connections. It is slower: each operation is a
    /// transaction, since its settings must not stay with the pool's connections. The heartbeats have connections of
    /// their own all the same, with the pool's address and user.
    ///
    /// # Errors
    /// As [`PostgresStore::connect`].
    ///
    /// # Panics
    /// Where a call under way is dropped outside any tokio runtime: sqlx's pool takes its connections back in one.
    ///
    /// # Cancel safety
    /// As [`PostgresStore::connect`].
    pub async fn from_pool(pool: PgPool) -> Result<Self, StoreError> {
        PostgresStoreBuilder::over(pool).open().await
    }

    /// A store with settings of its own.
    pub fn builder(url: &str) -> PostgresStoreBuilder {
        PostgresStoreBuilder::new(url)
    }

    /// A store on the application's own pool, with settings of its own; see [`PostgresStore::from_pool`].
    pub fn pool_builder(pool: PgPool) -> PostgresStoreBuilder {
        PostgresStoreBuilder::over(pool)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.core.dialect;
        f.debug_struct("PostgresStore").field("at", &server.name).field("table", &server.table).finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    operations!(Postgres, POSTGRES);
}
