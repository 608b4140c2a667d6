//! What a tiered store needs of its cache.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::key::Key;
use crate::record::Record;
use crate::store::{Description, StoreFuture};

/// Keeps copies of completed records for a short time, for a [`TieredStore`](super::TieredStore). It decides nothing, may
/// forget anything at any time, and may be shared by many processes.
///
/// Copies must not lie where a store of records would take them for its own.
pub trait Cache: Send + Sync + fmt::Debug + 'static {
    /// The copy of a key's record, as it was put.
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>>;

    /// Keeps a copy for no longer than `life`, in place of any other of its key.
    fn put<'a>(&'a self, record: &'a Arc<Record>, life: Duration) -> StoreFuture<'a, ()>;

    /// Forgets the copy of a key.
    fn remove<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, ()>;

    /// What the cache is.
    fn describe(&self) -> StoreFuture<'_, Description>;
}
