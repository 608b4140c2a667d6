//! Why a key was refused. No message repeats an argument's value.
use std::fmt;

/// Where in a call a refusal arose.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In the argument of this name.
    Argument(Box<str>),
    /// In the scope of this kind.
    Scope(Box<str>),
    /// In the explicit key.
    ExplicitKey,
    /// In the call, it is not known where.
    Call,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Argument(name) => write!(f, "argument `{name}`"),
            Place::Scope(kind) => write!(f, "scope `{kind}`"),
            Place::ExplicitKey => f.write_str("the explicit key"),
            Place::Call => f.write_str("the call"),
        }
    }
}

/// What was found twice where once was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duplicate {
    /// Two names of one map are spelled alike.
    Name,
    /// Two elements of one [`Set`](super::Set) encode alike.
    Element,
    /// One argument name was given twice.
    Argument,
    /// One scope kind was given twice.
    Scope,
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Duplicate::Name => {
                "two names in one map are spelled alike, but names are unique (1 and \"1\" are one \
                 name; so are a field and an equal name from `flatten`); rename or drop one"
            }
            Duplicate::Element => {
                "two elements of a `Set` encode alike, but a set holds each once; remove the \
                 repetition, or pass a sequence without `Set` if repetition has a meaning"
            }
            Duplicate::Argument => "this name was given twice, but each argument has one value; rename one of them",
            Duplicate::Scope => "this kind was given twice, but each scope has one value; remove one of them",
        })
    }
}

/// The words of a type's own `Serialize`. They may quote a value, so `Debug` does not show them;
/// `Display` does.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomMessage(pub(super) Box<str>);

impl fmt::Debug for CustomMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomMessage(..)")
    }
}

impl fmt::Display for CustomMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CustomMessage {}

/// A call that has no key.
///
/// A value without exactly one canonical form is refused, never approximated: a refusal is loud,
/// whereas a wrong key drops a job or runs it twice. Messages name arguments, scopes and types,
/// never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Two things that must differ are the same.
    #[error("{place}: {what}")]
    DuplicateKey {
        /// Where it was found.
        place: Place,
        /// What was found twice.
        what: Duplicate,
    },
    /// A map has a key that has no spelling as text.
    #[error(
        "{place}: a map key is {found}, but names are text, integers, booleans, characters or unit \
         variants; convert the map's keys to text"
    )]
    MapKey {
        /// Where it was found.
        place: Place,
        /// The kind of key.
        found: &'static str,
    },
    /// A container announced one length and yielded another.
    #[error(
        "{place}: a container announced {announced} entries, but gave {given}; correct the type's \
         `Serialize`"
    )]
    LenMismatch {
        /// Where it was found.
        place: Place,
        /// The length announced.
        announced: u64,
        /// The entries seen before it was refused.
        given: u64,
    },
    /// A collection without an order of its own.
    #[error(
        "{place}: `{type_name}` yields its elements in random order, but a key needs one order; \
         wrap it in `idem::key::Set`, or use a `BTreeSet`"
    )]
    UnorderedSet {
        /// Where it was found.
        place: Place,
        /// The type met.
        type_name: &'static str,
    },
    /// Containers nested too deep.
    #[error(
        "{place}: nested more than {limit} deep; flatten the value, or key on a part of it",
        limit = super::MAX_DEPTH
    )]
    Depth {
        /// Where it was found.
        place: Place,
    },
    /// Raw JSON text, which spells one document in many ways.
    #[error(
        "{place}: `serde_json::value::RawValue` is raw text without a canonical form; pass a \
         `serde_json::Value` or a typed value"
    )]
    RawValue {
        /// Where it was found.
        place: Place,
    },
    /// A `serde_json::Number` whose text is no finite number.
    #[error(
        "{place}: the text of a `serde_json::Number` spells no finite number of JSON; pass a \
         number in range, or text"
    )]
    Number {
        /// Where it was found.
        place: Place,
    },
    /// A [`Set`](super::Set) around something that is not a sequence.
    #[error(
        "{place}: `Set` was put around {found}, but it orders the elements of a sequence; put \
         `Set` on the collection itself (`Option<Set<_>>`, not `Set<Option<_>>`)"
    )]
    SetOfNonSeq {
        /// Where it was found.
        place: Place,
        /// The kind of value found.
        found: &'static str,
    },
    /// A template has a place for an argument that was not given.
    #[error("{place}: the key's template has a place for it, but it was not given; give it")]
    ArgumentMissing {
        /// The argument.
        place: Place,
    },
    /// A declared scope has no value.
    #[error(
        "scope `{kind}` is declared but its value is absent, and an unscoped key would merge all \
         of them; pass the value, or set it on the delivery"
    )]
    ScopeMissing {
        /// The kind of scope.
        kind: Box<str>,
    },
    /// A scope kind that cannot be joined with others.
    #[error(
        "scope kind `{kind}` is {found}, but a kind is a name that is not empty and holds no `+` \
         (several kinds are joined by it); rename it"
    )]
    ScopeKind {
        /// The kind given.
        kind: Box<str>,
        /// What is wrong with it.
        found: &'static str,
    },
    /// More bytes than a key is made from.
    #[error(
        "{place}: the encoded arguments pass {limit} bytes; key on an id or a digest of the \
         content instead of the content",
        limit = super::MAX_ENCODED
    )]
    TooLarge {
        /// Where the limit was passed.
        place: Place,
    },
    /// The type's own `Serialize` failed; the source holds its words.
    #[error(
        "{place}: the value's own `Serialize` failed; see the source of this error, and mend the value or its type"
    )]
    Custom {
        /// Where it was found.
        place: Place,
        /// What the type said. It may quote the value.
        #[source]
        message: CustomMessage,
    },
}

impl KeyError {
    /// The argument that was refused, where it was one.
    pub fn argument(&self) -> Option<&str> {
        match self.place()? {
            Place::Argument(name) => Some(name),
            _ => None,
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            KeyError::DuplicateKey { place, .. }
            | KeyError::MapKey { place, .. }
            | KeyError::LenMismatch { place, .. }
            | KeyError::UnorderedSet { place, .. }
            | KeyError::Depth { place }
            | KeyError::RawValue { place }
            | KeyError::Number { place }
            | KeyError::SetOfNonSeq { place, .. }
            | KeyError::TooLarge { place }
            | KeyError::ArgumentMissing { place }
            | KeyError::Custom { place, .. } => Some(place),
            KeyError::ScopeMissing { .. } | KeyError::ScopeKind { .. } => None,
        }
    }
}
