//! One attribute makes an async task handler idempotent: it runs once for each key, and duplicates get the kept result.
//!
//! ```
//! use idem::{MemoryStore, Runtime, idempotent};
//!
//! #[derive(Debug, thiserror::Error)]
//! enum AppError {
//!     #[error(transparent)]
//!     Idem(#[from] idem::Error),
//!     #[error("smtp: {0}")]
//!     Smtp(String),
//! }
//!
//! /// At most one digest per user, topic and day.
//! #[idempotent(name = "mail.digest", ttl = "48h", scope = "user", date_based)]
//! async fn send_digest(user: u64, topic: String) -> Result<String, AppError> {
//!     // … send it …
//!     Ok(format!("digest of {topic} for {user}"))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::builder().store(MemoryStore::new()).namespace("mailer").build()?;
//! runtime.install()?;
//!
//! let first = send_digest::call(7, "rust".into()).await?;   // runs
//! let second = send_digest::call(7, "rust".into()).await?;  // replayed: the body is not entered
//! assert!(first.is_fresh() && second.is_replayed());
//! assert_eq!(first.value(), second.value());
//! # Ok(()) }
//! ```
//!
//! # Where to go from here
//! * [`idempotent`]: the attribute and all its options.
//! * [`guides`]: first steps, keys, failures, queues, operation.
//! * [`Runtime`]: stores, settings, audit, and [the same pipeline by hand](Runtime::call).
//! * [`Delivery`]: what a queue knows about the message; [`current`]: the running claim, inside a body; [`step`]: what an
//!   attempt did and the next one need not do again.
//! * [`connect`]: a store by its URL; [`Store`]: the contract of a store; [`TieredStore`]: a cache in front of a durable one.
//! * [`Transactional`]: claim, effect and result in your own SQL transaction; [`Runtime::lock`]: a distributed lock.
//!
//! # Features
//! | feature | brings |
//! |---|---|
//! | `macros` (default) | the attributes |
//! | `sqlite` | `SqliteStore`, an embedded durable store |
//! | `postgres` | `PostgresStore` |
//! | `mysql` | `MySqlStore`, for MySQL and MariaDB |
//! | `redis` | `RedisStore`, for Redis and Valkey; `redis-cluster` and `redis-sentinel` for those |
//! | `encryption` | `EncryptedStore`: results encrypted before any store sees them |
//! | `tls-rustls` | TLS for the connections of all of them |
//! | `testing` | `testing`: clocks, fault injection (of calls and of the network), the conformance suite for stores, and the crash explorer for handlers |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod guides;
mod tasks;

#[cfg(feature = "macros")]
mod attributes;

#[cfg(feature = "macros")]
pub use attributes::{idempotent, idempotent_daily, idempotent_once, not_idempotent, strict};
#[doc(hidden)]
pub use idem_runtime::private as __private;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use idem_runtime::sqlx;
pub use idem_runtime::{
    AbandonedClaim, Admission, At, Cache, CallBuilder, CallInfo, Coverage, Current, Delivery, Error, ErrorDisposition,
    Expected, Explanation, Finding, Guarantee, IntoStore, Key, KeyBuilder, Level, Lock, LockBuilder, MemoryStore,
    MemoryStoreBuilder, Outcome, Reconciled, Record, Report, Resolution, Runtime, RuntimeBuilder, ScopeId, ScopePart,
    ScopeSource, Shutdown, Store, StoreError, Task, TaskHandle, TaskOptions, Ticket, TieredStore, TieredStoreBuilder,
    Transactional, claim, clock, codec, connect, current, in_current, key, policy, record, step, store, task,
    transition,
};
#[cfg(feature = "encryption")]
pub use idem_runtime::{EncryptedStore, EncryptionKey, EncryptionKeyError};
#[cfg(feature = "mysql")]
pub use idem_runtime::{MySqlStore, MySqlStoreBuilder};
#[cfg(feature = "postgres")]
pub use idem_runtime::{PostgresStore, PostgresStoreBuilder};
#[cfg(feature = "redis")]
pub use idem_runtime::{RedisStore, RedisStoreBuilder};
#[cfg(feature = "sqlite")]
pub use idem_runtime::{SqliteStore, SqliteStoreBuilder};
#[cfg(feature = "testing")]
pub use idem_runtime::{conformance_tests, testing};

/// The README's example is compiled and run.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
mod readme {}
