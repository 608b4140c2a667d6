//! Results as bytes: one envelope for every store, and what a task does with its result.

mod cbor;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::record::StoredResult;

/// The envelope's first byte: its format.
const FORMAT: u8 = 1;

/// The envelope's second byte: how the bytes that follow are encoded.
const CBOR: u8 = 1;

/// Why a result could not be kept, or a kept one not be read. Never holds a part of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The type's own `Serialize` refused, or the value is nested too deep.
    #[error("it cannot be encoded: {0}")]
    Encode(String),
    /// Encoded and read back, it is another value.
    #[error(
        "it does not come back from its encoding as it was: check the type's `Serialize` and `Deserialize` against each other"
    )]
    RoundTrip,
    /// The bytes are not of this type.
    #[error("the kept result does not decode: {0}")]
    Decode(String),
    /// The envelope is of a format that this version does not know.
    #[error(
        "the kept result has envelope format {format}, codec {codec}; this version knows format {FORMAT}, codec {CBOR}"
    )]
    Unknown {
        /// The first byte.
        format: u8,
        /// The second byte.
        codec: u8,
    },
}

/// A value in its envelope.
///
/// # Errors
/// [`CodecError::Encode`].
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Arc<[u8]>, CodecError> {
    let mut bytes = vec![FORMAT, CBOR];
    cbor::append(&mut bytes, value).map_err(|error| CodecError::Encode(error.to_string()))?;
    Ok(bytes.into())
}

/// The value of an envelope.
///
/// # Errors
/// [`CodecError::Unknown`] and [`CodecError::Decode`]. Never panics, and allocates nothing by a length that the bytes only announce.
pub fn decode<T: DeserializeOwned>(envelope: &[u8]) -> Result<T, CodecError> {
    match envelope {
        [FORMAT, CBOR, bytes @ ..] => cbor::from_slice(bytes).map_err(|error| CodecError::Decode(error.to_string())),
        [format, codec, ..] => Err(CodecError::Unknown { format: *format, codec: *codec }),
        _ => Err(CodecError::Decode("the envelope is cut short".into())),
    }
}

/// What a task does with its result. Carried as functions, so that the pipeline has no bounds of its own on the result's type.
#[derive(Debug)]
pub enum ResultCodec<T> {
    /// It is kept, and replayed to duplicates.
    Keep {
        /// Into an envelope.
        encode: fn(&T) -> Result<Arc<[u8]>, CodecError>,
        /// Out of an envelope.
        decode: fn(&[u8]) -> Result<T, CodecError>,
    },
    /// It is not kept; duplicates get what this function makes.
    Discard(fn() -> T),
}

impl<T> Clone for ResultCodec<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ResultCodec<T> {}

impl<T: Serialize + DeserializeOwned> ResultCodec<T> {
    /// Keeps the result as CBOR.
    pub const KEEP: Self = Self::Keep { encode: encode::<T>, decode: decode::<T> };
}

impl<T> ResultCodec<T> {
    /// What a completed record keeps of a value of at most `max` bytes, and why it keeps nothing, where that is so.
    ///
    /// # Errors
    /// The value cannot be encoded; in debug builds also: it does not come back as it was.
    pub(crate) fn store(&self, value: &T, max: u64) -> Result<StoredResult, CodecError> {
        let Self::Keep { encode, decode } = self else {
            return Ok(StoredResult::Absent("the task discards its result".into()));
        };
        let envelope = encode(value)?;
        if cfg!(debug_assertions) && !same_bytes(&envelope, &encode(&decode(&envelope)?)?) {
            return Err(CodecError::RoundTrip);
        }
        let len = envelope.len() as u64;
        if len > max {
            return Ok(StoredResult::Absent(format!("it has {len} bytes, the task's `max_result` is {max}").into()));
        }
        Ok(StoredResult::Envelope(envelope))
    }
}

/// Whether two encodings are of one value: equal, or equal but for the order of entries, which a `HashMap` has anew each time.
fn same_bytes(first: &[u8], second: &[u8]) -> bool {
    let count = |bytes: &[u8]| {
        let mut counts = [0_usize; 256];
        bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
        counts
    };
    first == second || count(first) == count(second)
}
