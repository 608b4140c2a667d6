//! How long to wait for a file that another connection holds.

use std::time::Duration;

use super::fault;

/// How long SQLite itself waits for a lock before it is asked again. Its own waits grow to 100 ms, in which a busy rival
/// takes the lock dozens of times; within this slice they are 1, 2 and 5 ms.
pub(super) const SLICE: Duration = Duration::from_millis(8);

/// Attempts left, each of a [`SLICE`]. Counted, not timed: the store's clock is the records', and may stand still.
#[derive(Debug)]
pub(super) struct Patience {
    left: u32,
}

impl Patience {
    pub(super) fn of(time: Duration) -> Self {
        let slices = time.as_millis().div_ceil(SLICE.as_millis());
        Self { left: u32::try_from(slices).unwrap_or(u32::MAX) }
    }

    pub(super) fn none() -> Self {
        Self { left: 0 }
    }

    /// Whether to try again after this error.
    pub(super) fn allows(&mut self, error: &sqlx::Error) -> bool {
        let again = fault::is_busy(error) && self.left > 0;
        self.left -= u32::from(again);
        again
    }
}
