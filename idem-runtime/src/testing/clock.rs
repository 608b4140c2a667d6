//! A clock that stands still until a test moves it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};

/// Where a new clock stands: 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// A [`Clock`] that stands still until it is moved. Clones share the time.
///
/// [`advance`](Self::advance) lets time pass: the wall clock and the uptime go on together. [`step_forward`](Self::step_forward),
/// [`step_back`](Self::step_back) and [`set`](Self::set) correct the wall clock alone, as an operator or NTP does.
/// [`ahead`](Self::ahead) and [`behind`](Self::behind) give the clock of another machine, on which the same time passes and
/// whose wall clock is wrong.
///
/// ```
/// # use idem_runtime as idem;
/// use idem::clock::Clock;
/// use idem::testing::ManualClock;
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let worker = clock.ahead(Duration::from_secs(3_600));
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.uptime(), Duration::from_secs(5));
/// assert_eq!(worker.now().since(clock.now()), Duration::from_secs(3_600));
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock {
    time: Arc<Mutex<Time>>,
    /// How far this view's wall clock is off, in microseconds.
    off: i64,
}

#[derive(Debug)]
struct Time {
    wall: i64,
    uptime: Duration,
}

impl ManualClock {
    /// A clock at the start of 2026.
    pub fn new() -> Self {
        Self::at(START)
    }

    /// A clock whose wall stands at `wall`.
    pub fn at(wall: Timestamp) -> Self {
        let time = Time { wall: wall.as_micros(), uptime: Duration::ZERO };
        Self { time: Arc::new(Mutex::new(time)), off: 0 }
    }

    /// Lets time pass, on the wall and in uptime.
    pub fn advance(&self, by: Duration) {
        let mut time = self.time();
        time.wall = time.wall.saturating_add(micros(by));
        time.uptime = time.uptime.saturating_add(by);
    }

    /// Sets the wall clock alone, for all clones; this view shows `wall` afterwards.
    pub fn set(&self, wall: Timestamp) {
        self.time().wall = wall.as_micros().saturating_sub(self.off);
    }

    /// The wall clock alone is corrected forward.
    pub fn step_forward(&self, by: Duration) {
        let mut time = self.time();
        time.wall = time.wall.saturating_add(micros(by));
    }

    /// The wall clock alone is corrected back.
    pub fn step_back(&self, by: Duration) {
        let mut time = self.time();
        time.wall = time.wall.saturating_sub(micros(by));
    }

    /// The clock of another machine, whose wall clock is ahead of this one.
    pub fn ahead(&self, by: Duration) -> Self {
        Self { time: Arc::clone(&self.time), off: self.off.saturating_add(micros(by)) }
    }

    /// The clock of another machine, whose wall clock is behind this one.
    pub fn behind(&self, by: Duration) -> Self {
        Self { time: Arc::clone(&self.time), off: self.off.saturating_sub(micros(by)) }
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.time().wall.saturating_add(self.off))
    }

    fn uptime(&self) -> Duration {
        self.time().uptime
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
