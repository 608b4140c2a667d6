//! Why a value could not be written or read.

use std::fmt;

/// Why a value could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The bytes end inside an item.
    Truncated,
    /// Bytes are left over after the value.
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// Something this codec never writes stands at this offset.
    Malformed {
        /// Offset of the item.
        at: usize,
        /// What was found.
        found: &'static str,
    },
    /// Nested deeper than the limit.
    Depth,
    /// A sequence or map announced another length than it yielded.
    Length,
    /// The type's own `Serialize` or `Deserialize` refused.
    Type(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => write!(f, "the bytes end inside a value"),
            Self::Trailing { bytes } => write!(f, "{bytes} bytes are left over after the value"),
            Self::Malformed { at, found } => write!(f, "{found} at byte {at}"),
            Self::Depth => write!(f, "nested deeper than {}", super::MAX_DEPTH),
            Self::Length => write!(f, "a sequence or map yielded another number of elements than it announced"),
            Self::Type(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Type(message.to_string())
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Type(message.to_string())
    }
}
