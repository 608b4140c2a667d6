//! What time it is on the server, as far as a client knows: the server's `TIME` against the client's monotonic clock.
//! The client's wall clock is never read.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};

/// The server's clock minus the client's uptime, in microseconds.
#[derive(Debug)]
pub(super) struct ServerTime {
    clock: Arc<dyn Clock>,
    offset: AtomicI64,
}

impl ServerTime {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, offset: AtomicI64::new(i64::MIN) }
    }

    /// The client's uptime: when a question was asked, to be handed to [`ServerTime::learn`].
    pub(super) fn uptime(&self) -> Duration {
        self.clock.uptime()
    }

    /// The server's time now: never ahead of it by more than the clocks drift apart between two answers, and behind it by
    /// the shortest round trip seen.
    pub(super) fn now(&self) -> Timestamp {
        let offset = self.offset.load(Ordering::Relaxed);
        Timestamp::from_micros(micros(self.clock.uptime()).saturating_add(offset))
    }

    /// The server said that it is `server`, in the answer to what was asked then: between the two it was so. An offset
    /// that explains this is kept, another is moved as little as it must, so that a server whose clock was set is followed.
    pub(super) fn learn(&self, asked: Duration, server: Timestamp) {
        let low = server.as_micros() - micros(self.clock.uptime());
        let high = (server.as_micros() - micros(asked)).max(low);
        let known = self.offset.load(Ordering::Relaxed);
        let offset = if known == i64::MIN { low } else { known.clamp(low, high) };
        if offset != known {
            self.offset.store(offset, Ordering::Relaxed);
        }
    }
}

fn micros(uptime: Duration) -> i64 {
    i64::try_from(uptime.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Uptime(AtomicI64);

    impl Clock for Uptime {
        fn now(&self) -> Timestamp {
            unreachable!("the wall clock is not asked")
        }

        fn uptime(&self) -> Duration {
            Duration::from_micros(self.0.load(Ordering::Relaxed).unsigned_abs())
        }
    }

    #[test]
    fn the_estimate_is_within_the_round_trip_and_follows_a_clock_that_is_set() {
        let uptime = Arc::new(Uptime::default());
        let time = ServerTime::new(uptime.clone());
        // (asked, answered, the server's time, the estimate when the answer is there)
        let talks = [
            (0, 100, 5_000_050, 5_000_050),
            (200, 220, 5_000_210, 5_000_210),     // a shorter trip tells more
            (300, 900, 5_000_400, 5_000_890),     // a longer one tells nothing new
            (1_000, 1_010, 2_000_000, 2_000_010), // set back
            (1_100, 1_110, 9_000_000, 9_000_000), // set forward
        ];
        for (asked, answered, server, now) in talks {
            uptime.0.store(answered, Ordering::Relaxed);
            time.learn(Duration::from_micros(asked), Timestamp::from_micros(server));
            assert_eq!(time.now().as_micros(), now, "asked at {asked}");
        }
    }
}
