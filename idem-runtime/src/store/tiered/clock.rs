//! What time it is at the durable store, as far as its answers tell.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use crate::clock::Timestamp;

/// The last time that an answer showed, and the uptime at which it was asked for.
#[derive(Debug, Default)]
pub(super) struct DurableClock(Mutex<Option<(Timestamp, Duration)>>);

impl DurableClock {
    /// An answer showed this time; its request was sent at this uptime, so it was made after that. What would set the
    /// clock back is not believed: the answer may repeat an earlier one.
    pub(super) fn seen(&self, at: Timestamp, sent: Duration) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| after(last, sent) <= at) {
            *last = Some((at, sent));
        }
    }

    /// The latest that it can be there now, or `None` where no answer showed a time yet.
    pub(super) fn at_most(&self, uptime: Duration) -> Option<Timestamp> {
        let seen = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.map(|seen| after(seen, uptime))
    }
}

fn after((at, sent): (Timestamp, Duration), uptime: Duration) -> Timestamp {
    at + uptime.saturating_sub(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_durable_store_is_never_guessed_too_early() {
        let clock = DurableClock::default();
        assert_eq!(clock.at_most(Duration::from_secs(1)), None);
        // Asked at 10 s of uptime, answered at 11 s: the answer's time is that of some moment in between.
        clock.seen(Timestamp::from_micros(5_000_000), Duration::from_secs(10));
        assert_eq!(clock.at_most(Duration::from_secs(11)), Some(Timestamp::from_micros(6_000_000)));
        clock.seen(Timestamp::from_micros(5_000_000), Duration::from_secs(20));
        assert_eq!(
            clock.at_most(Duration::from_secs(20)),
            Some(Timestamp::from_micros(15_000_000)),
            "a repeated answer"
        );
    }
}
