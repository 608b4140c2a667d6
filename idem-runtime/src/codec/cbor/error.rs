//! Why a value could not be written or read.

use std::fmt;

use serde::de::{Expected, Unexpected};

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

/// serde's own messages quote what they found. Stored results may be personal data, so ours name only its kind.
impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Type(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Type(format!("found {}, expected {expected}", kind(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Type(format!("found {} that does not fit, expected {expected}", kind(found)))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Type(format!("found an unknown variant, expected one of {}", expected.join(", ")))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Type(format!("found an unknown field, expected one of {}", expected.join(", ")))
    }
}

fn kind(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a floating point number",
        Unexpected::Char(_) | Unexpected::Str(_) => "text",
        Unexpected::Bytes(_) => "bytes",
        Unexpected::Unit => "null",
        Unexpected::Option => "an option",
        Unexpected::NewtypeStruct => "a newtype",
        Unexpected::Seq => "an array",
        Unexpected::Map => "a map",
        Unexpected::Enum | Unexpected::UnitVariant | Unexpected::NewtypeVariant => "an enum",
        Unexpected::TupleVariant | Unexpected::StructVariant => "an enum",
        // serde passes them as text; it is the one kind that its buffer cannot hold.
        Unexpected::Other(what) if what.starts_with("integer") => {
            "an integer of 128 bits, which serde does not read inside tagged, untagged and flattened types"
        }
        Unexpected::Other(_) => "something else",
    }
}
