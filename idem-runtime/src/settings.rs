//! What is in force for a task: its attribute, settled by the runtime's configuration.

use std::sync::Arc;
use std::time::Duration;

use crate::key::{Bucket, TaskIdent};
use crate::policy::{OnError, OnInProgress, OnStale, OnStoreError, Retention};

/// A claim that no heartbeat renews is taken over after this (api: `lease`).
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);

/// Shorter leases than this would be lost to ordinary scheduling delays.
pub const SHORTEST_LEASE: Duration = Duration::from_millis(50);

/// A longer lease is a mistake: nobody would take over from an owner that is gone.
pub const LONGEST_LEASE: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Results up to this many bytes are kept (api: `max_result`).
pub const DEFAULT_MAX_RESULT: u64 = 1024 * 1024;

/// Everything the pipeline needs to know about a task.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) ident: TaskIdent,
    pub(crate) bucket: Option<Bucket>,
    /// The category, where one is named.
    pub(crate) category: Option<Arc<str>>,
    pub(crate) retention: Retention,
    /// Nobody said how long: neither a `ttl`, nor a category, nor a bucket.
    pub(crate) kept_by_default: bool,
    pub(crate) lease: Duration,
    pub(crate) strict: bool,
    pub(crate) on_in_progress: OnInProgress,
    pub(crate) wait: Option<Duration>,
    pub(crate) on_store_error: OnStoreError,
    pub(crate) on_stale: OnStale,
    pub(crate) on_error: OnError,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) max_result: u64,
    /// The named store, and none for the default one.
    pub(crate) store: Option<Arc<str>>,
}

/// The category of tasks that name none.
pub(crate) const DEFAULT_CATEGORY: &str = "default";

/// How long completed records of a category are kept, unless the runtime says otherwise.
pub(crate) const CATEGORIES: [(&str, Duration); 6] = [
    (DEFAULT_CATEGORY, Duration::from_secs(3_600)),
    ("critical", Duration::from_secs(4 * 3_600)),
    ("report", Duration::from_secs(24 * 3_600)),
    ("email", Duration::from_secs(2 * 3_600)),
    ("mutation", Duration::from_secs(6 * 3_600)),
    ("maintenance", Duration::from_secs(12 * 3_600)),
];
