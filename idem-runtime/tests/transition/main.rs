//! The protocol's pure functions: the tables of the specification, cell by cell, and what the tables do not say.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod support;

mod admission;
mod fence;
mod lease;
mod operator;
mod policy;
mod table;
mod time;
