//! The SQLite store: its file, its rows, its neighbours in other processes.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail as tests do")]

mod agreement;
mod basics;
mod cancel;
mod limits;
mod locks;
mod opening;
mod poisoned;
mod rows;
mod schema;
mod support;
mod sweep;
