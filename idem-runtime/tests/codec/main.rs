//! The result codec through its two public functions: `docs/decisions/0003-result-codec.md`, case by case.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod damage;
mod evolution;
mod golden;
mod messages;
mod nesting;
mod round_trip;
mod types;

/// The envelope's first two bytes: format 1, codec 1.
const HEAD: [u8; 2] = [1, 1];

/// An envelope of this content.
fn envelope(content: impl AsRef<[u8]>) -> Vec<u8> {
    [&HEAD, content.as_ref()].concat()
}
