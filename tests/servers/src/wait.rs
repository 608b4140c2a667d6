//! Waiting for other processes, which send no message when they are ready.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Until `done` says so; whether it did before the limit.
pub fn until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !done() {
        if began.elapsed() > limit {
            return false;
        }
        sleep(Duration::from_millis(2)); // tidy: allow sleep: another process is looked at again and again
    }
    true
}
