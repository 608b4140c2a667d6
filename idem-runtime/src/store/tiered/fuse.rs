//! A cache that fails is left alone for a moment, so that not every call waits for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Long enough that a cache that is away costs next to nothing, short enough that one that is back is used soon.
const REST: Duration = Duration::from_secs(1);

/// Until when the cache is left alone, in microseconds of uptime.
#[derive(Debug, Default)]
pub(super) struct Fuse(AtomicU64);

impl Fuse {
    /// Whether the cache may be asked.
    pub(super) fn holds(&self, uptime: Duration) -> bool {
        micros(uptime) >= self.0.load(Ordering::Relaxed)
    }

    /// The cache failed.
    pub(super) fn blow(&self, uptime: Duration) {
        self.0.store(micros(uptime + REST), Ordering::Relaxed);
    }
}

fn micros(uptime: Duration) -> u64 {
    u64::try_from(uptime.as_micros()).unwrap_or(u64::MAX)
}
