//! The whole way, from attribute to replay: one module a behaviour. Tests named `rNN_…` prove a fault of the protocol's list.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod admit;
mod arguments;
mod attempts;
mod bad_input;
mod duplicates;
#[cfg(feature = "encryption")]
mod encrypted;
mod errors;
mod explain;
mod failure;
mod identity;
mod in_progress;
mod keeper;
mod lease;
mod leftovers;
mod lock;
mod operate;
mod policies;
mod reconcile;
mod replay;
mod results;
mod rollout;
mod room;
mod shutdown;
mod signatures;
mod stale;
mod steps;
mod support;
mod time;
mod transaction;
