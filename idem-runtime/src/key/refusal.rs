//! A refusal inside the encoder, before it is known which argument it concerns.
use super::error::{CustomMessage, Duplicate, KeyError, Place};
use std::fmt;

/// Boxed: the encoder's results then fit one register, and refusals are rare.
#[derive(Debug)]
pub(super) struct Refusal(Box<Reason>);

pub(super) type Encoded = Result<(), Refusal>;

#[derive(Debug)]
enum Reason {
    Duplicate(Duplicate),
    MapKey(&'static str),
    Len { announced: u64, given: u64 },
    Unordered(&'static str),
    Depth,
    RawValue,
    Number,
    SetOf(&'static str),
    TooLarge,
    Custom(Box<str>),
}

impl Refusal {
    #[cold]
    fn new(reason: Reason) -> Self {
        Refusal(Box::new(reason))
    }

    #[cold]
    pub fn duplicate(what: Duplicate) -> Self {
        Self::new(Reason::Duplicate(what))
    }

    #[cold]
    pub fn map_key(found: &'static str) -> Self {
        Self::new(Reason::MapKey(found))
    }

    #[cold]
    pub fn len(announced: u64, given: u64) -> Self {
        Self::new(Reason::Len { announced, given })
    }

    #[cold]
    pub fn unordered(type_name: &'static str) -> Self {
        Self::new(Reason::Unordered(type_name))
    }

    #[cold]
    pub fn depth() -> Self {
        Self::new(Reason::Depth)
    }

    #[cold]
    pub fn raw_value() -> Self {
        Self::new(Reason::RawValue)
    }

    #[cold]
    pub fn number() -> Self {
        Self::new(Reason::Number)
    }

    #[cold]
    pub fn set_of(found: &'static str) -> Self {
        Self::new(Reason::SetOf(found))
    }

    #[cold]
    pub fn too_large() -> Self {
        Self::new(Reason::TooLarge)
    }

    #[cold]
    pub fn at(self, place: Place) -> KeyError {
        match *self.0 {
            Reason::Duplicate(what) => KeyError::DuplicateKey { place, what },
            Reason::MapKey(found) => KeyError::MapKey { place, found },
            Reason::Len { announced, given } => KeyError::LenMismatch { place, announced, given },
            Reason::Unordered(type_name) => KeyError::UnorderedSet { place, type_name },
            Reason::Depth => KeyError::Depth { place },
            Reason::RawValue => KeyError::RawValue { place },
            Reason::Number => KeyError::Number { place },
            Reason::SetOf(found) => KeyError::SetOfNonSeq { place, found },
            Reason::TooLarge => KeyError::TooLarge { place },
            Reason::Custom(text) => KeyError::Custom { place, message: CustomMessage(text) },
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Seen only by a `Serialize` that inspects its serializer's error.
        f.write_str("refused by the key encoder")
    }
}

impl std::error::Error for Refusal {}

impl serde::ser::Error for Refusal {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Reason::Custom(message.to_string().into_boxed_str()))
    }
}
