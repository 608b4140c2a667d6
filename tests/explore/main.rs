//! The crash explorer finds what is not safe under retries, and nothing where it is. The smallest schedule is the expected one.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod harm;
mod pauses;
mod promises;
mod samples;
mod seeds;
mod world;
