//! Keys: what makes two calls the same work.
//!
//! A key is the digest of one canonical document: namespace, task, version, scope, subject (the
//! arguments, or an explicit key) and time bucket. The rules are numbered in `docs/spec/key.md`.
//!
//! [`KeyWriter`] collects the parts; [`KeySpace`] and [`TaskIdent`] hold what all keys of a runtime
//! and of a task share; [`Bucket`] says which calendar unit an instant lies in.
mod array;
mod calendar;
mod digest;
mod encoder;
mod error;
mod fingerprint;
mod label;
mod map;
mod name;
mod number;
mod order;
mod parse;
mod pool;
mod preimage;
mod random_bytes;
mod refusal;
mod scope;
mod serialize;
mod set;
mod space;
mod time_label;
mod unordered;
mod writer;

pub use calendar::{Bucket, CalendarError, Unit};
pub use digest::Key;
pub use error::{CustomMessage, Duplicate, KeyError, Place};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use parse::ParseKeyError;
pub(crate) use random_bytes::RandomBytesMap;
pub use set::Set;
pub use space::{KeySpace, Secret, SecretError, TaskIdent};
pub use time_label::TimeLabel;
pub use writer::KeyWriter;

/// Containers that may be nested in one value. Enough for any document people write, and far below
/// what a thread's stack holds.
pub const MAX_DEPTH: usize = 128;

/// Bytes that the arguments of one call may encode to: one MiB. A key identifies work, it does not
/// carry it; more than this is a payload passed by mistake, which would cost milliseconds and
/// memory on every delivery.
pub const MAX_ENCODED: usize = 1024 * 1024;
