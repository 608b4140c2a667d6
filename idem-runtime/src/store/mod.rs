//! The contract of a store, and the stores that come with the library.
//!
//! A store keeps records and applies [`transition`](crate::transition) to them atomically, on its own clock. Anybody can
//! implement [`Store`]; `testing::conformance` proves an implementation.

mod connect;
#[cfg(feature = "encryption")]
pub(crate) mod encrypted;
mod error;
pub(crate) mod memory;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub(crate) mod sql;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
pub(crate) mod tiered;
mod within;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;

pub use self::connect::connect;
pub use self::error::StoreError;
pub use self::tiered::Cache;
pub use self::within::{Ending, Mark, Transactional, TxConnection, Within};
#[cfg(any(test, feature = "testing"))]
pub(crate) use self::within::{InMemory, MEMORY, sealed};
use crate::claim::{
    AdmitRequest, AdmitVerdict, CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, ClearVerdict,
    CompleteRequest, CompleteVerdict, FailRequest, FailVerdict, RenewRequest, RenewVerdict, ResolveRequest,
    ResolveVerdict,
};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{Record, State};

/// What every operation of a store returns: a boxed future, so that a store can be chosen at run time.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps records. Rules for every operation:
///
/// * It applies the function of the same name in [`transition`](crate::transition), atomically for the key, on the store's own clock.
/// * After [`StoreError::Unavailable`] the outcome is not known; after every other error nothing was applied. In any case the
///   caller may send the same request again, and the answer is the same as if the first sending had been answered.
/// * A record that cannot be read, or is of a newer format, is an error, never "absent".
///
/// # Cancel safety
/// Dropping a future of a store leaves the outcome unknown, as an error does; no connection is left in the middle of a transaction.
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// Asks for the right to run the body of a key.
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict>;

    /// Asks whether a job is to be enqueued. Its ticket is given back by [`fail`](Store::fail) and prolonged by
    /// [`renew`](Store::renew).
    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict>;

    /// More time on many claims at once. One answer for each request, in order; one bad row does not spoil the others.
    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>>;

    /// Ends a claim with its result.
    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict>;

    /// Ends a claim without a result: released, remembered as failed, or parked.
    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict>;

    /// Refuses later deliveries of a key.
    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict>;

    /// Forgets a key, so that it may run again. A live claim only by `force`.
    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict>;

    /// An operator's word on a claim whose outcome is not known.
    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict>;

    /// The record of a key, unless its time is over.
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>>;

    /// What time it is on the store's clock, by which the lease of this key's record ends: its server's, where there are several.
    fn now<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Timestamp>;

    /// Records in the order of their digests.
    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>>;

    /// Removes at most `limit` records whose time is over, and reports the claims whose owner is gone.
    /// Never touches a live lease or an unexpired record; may run in many processes at once.
    fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport>;

    /// What the store is, and which of its settings bear on the promise.
    fn describe(&self) -> StoreFuture<'_, Description>;

    /// A handle on the same records that shares no connection and no async runtime with this one. The keeper calls it on
    /// its own thread, so that heartbeats go on while the caller's runtime is blocked.
    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>>;

    /// The same records, reached over a caller's connection, which must be one to the database that they are in. A store
    /// without transactions gives the connection back, and so does one for connections of another kind.
    fn within<'a>(&'a self, connection: TxConnection<'a>) -> Result<Box<dyn Within + 'a>, TxConnection<'a>> {
        Err(connection)
    }

    /// The kind of connections that [`within`](Store::within) takes ([`TxConnection::kind`]), where it takes any: such a
    /// store can serve transactional tasks.
    fn transactions(&self) -> Option<&'static str> {
        None
    }
}

/// A store, or a shared one: what a builder takes.
pub trait IntoStore {
    /// The shared store.
    fn into_store(self) -> Arc<dyn Store>;
}

impl<S: Store> IntoStore for S {
    fn into_store(self) -> Arc<dyn Store> {
        Arc::new(self)
    }
}

impl IntoStore for Arc<dyn Store> {
    fn into_store(self) -> Arc<dyn Store> {
        self
    }
}

/// Which records to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Only those of this task.
    pub task: Option<String>,
    /// Only those in this state (as stored: a claim whose lease is over is `running`).
    pub state: Option<State>,
    /// Only those whose digest comes after this one: the last of the page before.
    pub after: Option<[u8; 32]>,
    /// At most so many; none means 1,000, which is also the most.
    pub limit: Option<usize>,
}

impl ListQuery {
    /// The most a page may hold, so that an operator's look never loads a whole store.
    pub const MAX: usize = 1_000;

    /// The page size in force.
    pub fn page(&self) -> usize {
        self.limit.unwrap_or(Self::MAX).min(Self::MAX)
    }

    /// Whether the query takes this record.
    pub fn takes(&self, record: &Record) -> bool {
        self.task.as_deref().is_none_or(|task| record.key.task() == task)
            && self.state.is_none_or(|state| record.state == state)
            && self.after.is_none_or(|after| *record.key.digest() > after)
    }
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// How many records were removed.
    pub removed: u64,
    /// Claims whose lease is over and whose owner did not end them.
    pub stale: Vec<Key>,
    /// Rows that could not be read: the digest in hex and the reason. They are left as they are.
    pub bad: Vec<(String, String)>,
}

/// How long records live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// As long as the process.
    Process,
    /// As long as the server's memory: every process sees them, none outlives a restart of the server.
    Server,
    /// Beyond a crash of the process and of the machine.
    Disk,
}

/// What a store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The kind of store: `memory`, `sqlite`, …
    pub kind: String,
    /// Version of the server or library, where there is one.
    pub version: Option<String>,
    /// Where the records are, without any password.
    pub location: String,
    /// How long they live.
    pub durability: Durability,
    /// The settings that bear on the promise.
    pub settings: Vec<Setting>,
}

/// One setting of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name, as the server spells it.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What it does to the promise, where it weakens it.
    pub harm: Option<String>,
}
