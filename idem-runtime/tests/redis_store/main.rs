//! The Redis store: its keys, its round trips, its servers that fill up, fail over, forget and fall silent.
#![cfg(all(feature = "redis", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod basics;
mod cancel;
mod clusters;
mod crowd;
mod faults;
mod full;
mod network;
mod opening;
mod replicas;
mod restart;
mod support;
#[cfg(feature = "tls-rustls")]
mod tls;
mod trips;
mod values;
