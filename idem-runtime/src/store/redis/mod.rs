//! Records in Redis or Valkey: [`transition`](crate::transition) in the client, compare-and-set in the server.

pub(crate) mod address;
mod builder;
mod cache;
mod claim;
mod clear;
#[cfg(feature = "redis-cluster")]
mod cluster;
mod describe;
mod fault;
mod link;
mod list;
mod names;
mod nodes;
mod reader;
mod renew;
mod replicas;
mod scan;
mod script;
mod seen;
#[cfg(feature = "redis-sentinel")]
mod sentinel;
mod settle;
mod shared;
mod step;
mod sweep;
#[cfg(test)]
mod tests;
mod time;
pub(crate) mod value;
mod wire;

use std::fmt;
use std::sync::Arc;

pub use self::builder::RedisStoreBuilder;
use self::link::Link;
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

/// Records in Redis (7.0 or later) or Valkey, for all processes that reach the server. Clones share the connection.
///
/// A first claim, a duplicate, a renewal and a completion are one round trip each. Leases run by the server's clock; the
/// clocks of clients change nothing. Expired records are removed by the server itself.
///
/// What it promises is what the server keeps: an eviction, a restart without persistence and a failover to a replica that
/// lags behind forget records, and their bodies run again. [`describe`](Store::describe) says which of these the server's
/// settings allow; the rules are in `docs/spec/store/redis.md`.
///
/// It must be used within a Tokio runtime.
///
/// ```no_run
/// # use idem_runtime as idem;
/// # async fn example() -> Result<(), idem::StoreError> {
/// use idem::RedisStore;
/// use std::time::Duration;
/// let store = RedisStore::connect("redis://127.0.0.1:6379").await?;
/// let careful = RedisStore::builder("redis://:secret@10.0.0.7/2")
///     .prefix("shop")
///     .wait_replicas(1, Duration::from_millis(200))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore {
    link: Arc<Link>,
}

impl RedisStore {
    /// Connects with the default settings: `redis://USER:PASSWORD@HOST:PORT/DATABASE`, `rediss://…` over TLS (feature
    /// `tls-rustls`), `unix:///PATH?db=1`, `redis-cluster://HOST:PORT,HOST:PORT` (feature `redis-cluster`), or
    /// `redis-sentinel://HOST:PORT,HOST:PORT/NAME/DATABASE` (feature `redis-sentinel`).
    ///
    /// # Errors
    /// [`StoreError::Url`] for a URL that cannot be used or needs a feature that is not compiled in;
    /// [`StoreError::Unavailable`] where nobody answers or the password is refused; [`StoreError::Schema`] for a server that
    /// is too old and for a prefix that somebody else uses; [`StoreError::ReadOnly`] for a replica.
    ///
    /// # Cancel safety
    /// Safe: a connection that was not handed out is closed.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::builder(url).connect().await
    }

    /// A store with settings of its own.
    pub fn builder(url: &str) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url)
    }

    /// A store whose connection is there: so a wrong password is found before the first call, and the time is known.
    async fn over(link: Arc<Link>) -> Result<Self, StoreError> {
        link.meet().await?;
        Ok(Self { link })
    }
}

/// Without user and password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.link.shared;
        f.debug_struct("RedisStore")
            .field("location", &shared.address.shown())
            .field("prefix", &shared.names.prefix())
            .finish_non_exhaustive()
    }
}

impl Store for RedisStore {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        Box::pin(self.link.claim(request))
    }

    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
        Box::pin(self.link.admit(request))
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        Box::pin(self.link.renew(requests))
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(self.link.complete(request))
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        Box::pin(self.link.fail(request))
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        Box::pin(self.link.step(&request.key, request, transition::cancel))
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        Box::pin(self.link.clear(key, force))
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        Box::pin(self.link.step(key, request, transition::resolve))
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        Box::pin(self.link.get(key))
    }

    fn now<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Timestamp> {
        Box::pin(self.link.time_of(key))
    }

    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
        Box::pin(self.link.list(query))
    }

    /// Removes nothing, since the server removes what is over. One call looks at some 20,000 keys of the server and names
    /// what it finds among them; the next one goes on behind them.
    fn sweep(&self, _limit: usize) -> StoreFuture<'_, SweepReport> {
        Box::pin(self.link.sweep())
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        Box::pin(self.link.describe())
    }

    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        let link = Arc::new(Link::new(Arc::clone(&self.link.shared)));
        Box::pin(async move {
            let keeper: Arc<dyn Store> = Arc::new(Self::over(link).await?);
            Ok(keeper)
        })
    }
}
