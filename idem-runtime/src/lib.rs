//! Keys, protocol, stores and run pipeline of `idem`. Applications depend on the facade, not on this crate.

mod ambient;
mod audit;
pub mod claim;
pub mod clock;
pub mod codec;
mod current;
mod delivery;
mod error;
mod events;
mod flight;
mod gate;
pub mod key;
mod lease;
mod options;
mod outcome;
pub mod policy;
#[doc(hidden)]
pub mod private;
mod reconcile;
pub mod record;
mod registry;
mod run;
mod runtime;
mod settings;
mod step;
pub mod store;
mod sync;
mod task;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(all(test, idem_interleavings))]
mod tests;
pub mod transition;

pub use self::audit::{Coverage, Expected, Finding, Guarantee, Level, Report};
pub use self::current::{Current, current, in_current};
pub use self::delivery::{Delivery, ScopeId};
pub use self::error::{At, Error};
pub use self::key::Key;
pub use self::options::TaskOptions;
pub use self::outcome::{CallInfo, Outcome};
pub use self::policy::ErrorDisposition;
pub use self::reconcile::{AbandonedClaim, Reconciled};
pub use self::record::Record;
pub use self::runtime::{
    Admission, CallBuilder, Explanation, KeyBuilder, Lock, LockBuilder, Resolution, Runtime, RuntimeBuilder, Shutdown,
    TaskHandle, Ticket, task,
};
pub use self::step::step;
#[cfg(feature = "encryption")]
pub use self::store::encrypted::{EncryptedStore, EncryptionKey, EncryptionKeyError};
pub use self::store::memory::{MemoryStore, MemoryStoreBuilder};
#[cfg(feature = "mysql")]
pub use self::store::mysql::{MySqlStore, MySqlStoreBuilder};
#[cfg(feature = "postgres")]
pub use self::store::postgres::{PostgresStore, PostgresStoreBuilder};
#[cfg(feature = "redis")]
pub use self::store::redis::{RedisStore, RedisStoreBuilder};
#[cfg(feature = "sqlite")]
pub use self::store::sqlite::{SqliteStore, SqliteStoreBuilder};
pub use self::store::tiered::{TieredStore, TieredStoreBuilder};
pub use self::store::{Cache, IntoStore, Store, StoreError, Transactional, connect};
pub use self::task::{ScopePart, ScopeSource, Task};
/// The driver of the SQL stores, in the version whose connections `transaction = tx` takes.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use sqlx;
