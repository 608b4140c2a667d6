//! The MySQL store: its tables, its connections, its round trips, its neighbours.
#![cfg(all(feature = "mysql", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail as tests do")]

mod cancel;
mod connections;
mod crash;
mod crowd;
mod damage;
mod kept;
mod opening;
mod pool;
mod rows;
mod schema;
mod support;
mod sweep;
mod trips;
