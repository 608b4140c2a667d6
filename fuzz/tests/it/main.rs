//! The targets of the runtime. Those of the macros are tests of `idem-macros`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

#[path = "../../../idem-runtime/tests/key_support/mod.rs"]
mod key_support;

mod docs;
mod envelope;
mod fingerprint;
mod key;
mod key_text;
mod records;
mod redis_record;
mod sql_row;
mod urls;
