//! One clock for all processes of this machine, so that what they write down can be put in order.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment, in microseconds of the machine's monotonic clock.
pub type Micros = u64;

/// Now.
pub fn now() -> Micros {
    let time = clock_gettime(ClockId::Monotonic);
    let (seconds, nanos) = (u64::try_from(time.tv_sec).unwrap_or(0), u64::try_from(time.tv_nsec).unwrap_or(0));
    seconds * 1_000_000 + nanos / 1_000
}

/// A length of time in microseconds.
pub fn micros(duration: Duration) -> Micros {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
