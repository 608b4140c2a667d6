//! Records in MySQL or MariaDB: for any number of machines, as durable as the server.

pub(crate) mod builder;
mod describe;
mod dialect;
mod fault;
mod literal;
mod log;
mod row;
mod schema;
mod statements;
mod within;

use std::fmt;
use std::sync::Arc;

use sqlx::MySqlPool;

pub use self::builder::MySqlStoreBuilder;
use self::describe::Describe;
use self::dialect::Server;
use super::sql::lend::Lender;
use super::sql::operations::{KEEPER_CONNECTIONS, operations};
use super::sql::run::Core;
use super::sql::within::InTransaction;
use super::within::{MYSQL, TxConnection, Within};
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

/// Records in a database of MySQL 8.0 or MariaDB 10.6, or newer: every process that connects to it shares them. Clones
/// share the connections.
///
/// Answers are as durable as the server's settings make every commit; [`describe`](Store::describe) says where they take
/// something away. Time is the server's. A first call is two round trips, a duplicate one, and writes nothing. It
/// needs a Tokio runtime. The rules, and what it cannot promise, are in `docs/spec/store/mysql.md`.
///
/// ```no_run
/// # use idem_runtime as idem;
/// # async fn example() -> Result<(), idem::StoreError> {
/// use idem::MySqlStore;
/// let store = MySqlStore::connect("mysql://app:secret@db.internal/shop").await?;
/// let apart = MySqlStore::builder("mariadb://app:secret@db.internal/shop").table_prefix("billing_").max_connections(4).open().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MySqlStore {
    core: Arc<Core<Server>>,
}

impl MySqlStore {
    /// Connects with the default settings; makes the tables where they are missing.
    ///
    /// # Errors
    /// [`StoreError::Url`] for a URL that is none; [`StoreError::Unavailable`] where the server does not answer or does
    /// not let this user in; [`StoreError::ReadOnly`] for a replica and for a user without the rights to write;
    /// [`StoreError::Schema`] for a server that is too old, a URL without a database, tables of another engine than
    /// InnoDB, and for tables of a newer version.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the tables as they were, or ready; what is half made is finished by the next opening.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::builder(url).open().await
    }

    /// A store on the application's own pool, for whoever counts connections. It is slower: each operation is a
    /// transaction, so that its isolation does not stay with the pool's connections. MySQL has all other settings for
    /// whole sessions only, so those are the pool's, and must be good enough: a strict `sql_mode`, `utf8mb4`, no chained
    /// transactions. The heartbeats have connections of their own all the same, with the pool's address and user.
    ///
    /// # Errors
    /// As [`MySqlStore::connect`]; also [`StoreError::Schema`] for a pool whose sessions are set otherwise.
    ///
    /// # Panics
    /// Where a call under way is dropped outside any tokio runtime: sqlx's pool takes its connections back in one.
    ///
    /// # Cancel safety
    /// As [`MySqlStore::connect`].
    pub async fn from_pool(pool: MySqlPool) -> Result<Self, StoreError> {
        MySqlStoreBuilder::over(pool).open().await
    }

    /// A store with settings of its own.
    pub fn builder(url: &str) -> MySqlStoreBuilder {
        MySqlStoreBuilder::new(url)
    }

    /// A store on the application's own pool, with settings of its own; see [`MySqlStore::from_pool`].
    pub fn pool_builder(pool: MySqlPool) -> MySqlStoreBuilder {
        MySqlStoreBuilder::over(pool)
    }
}

impl fmt::Debug for MySqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.core.dialect;
        f.debug_struct("MySqlStore").field("at", &server.name).field("table", &server.table).finish_non_exhaustive()
    }
}

impl Store for MySqlStore {
    operations!(MySql, MYSQL);
}
