//! Reading a key's text form.
use super::label::{self, unescape};
use super::space::SUITE;
use super::time_label::is_stamp;
use std::num::NonZeroU32;

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseKeyError {
    /// Not six fields.
    #[error(
        "a key has six fields between five colons, but this text has {found}; pass a whole key, as \
         it was displayed"
    )]
    Fields {
        /// Fields found.
        found: usize,
    },
    /// A field that no key has.
    #[error("the {field} of the key is not {expected}; pass the key as it was displayed")]
    Field {
        /// Which field it is.
        field: &'static str,
        /// What it would have to be.
        expected: &'static str,
    },
    /// A label that belongs to another key.
    #[error("the label names another digest than its key; the record has been altered")]
    OtherDigest,
}

/// A readable key, taken apart.
#[derive(Debug)]
pub(super) struct Parsed {
    pub text: Box<str>,
    pub digest: [u8; 32],
    pub namespace: Box<str>,
    pub task: Box<str>,
    pub version: NonZeroU32,
    pub scope: Option<Box<str>>,
    pub time: Option<Box<str>>,
}

pub(super) fn parse(text: &str) -> Result<Parsed, ParseKeyError> {
    let fields: Vec<&str> = text.splitn(7, ':').collect();
    let [lead, namespace, task, scope, digest, time] = fields[..] else {
        let found = text.split(':').count();
        return Err(ParseKeyError::Fields { found });
    };
    lead.strip_prefix(SUITE)
        .filter(|id| id.is_empty() || id.strip_prefix('+').and_then(unescape).is_some())
        .ok_or_else(|| wrong("lead", "`idem1`, or `idem1+` and the id of a secret"))?;
    let namespace = unescape(namespace).ok_or_else(|| wrong("namespace", "a namespace, escaped"))?;
    let (task, version) = task
        .split_once('@')
        .and_then(|(task, version)| Some((unescape(task)?, decimal(version)?)))
        .ok_or_else(|| wrong("task", "a task's name, `@` and its version"))?;
    let scope = optional(scope, is_scope).ok_or_else(|| wrong("scope", "`-`, `kind=value` or `kind~hash`"))?;
    let digest = label::digest(digest).ok_or_else(|| wrong("digest", "64 lower-case hexadecimal digits"))?;
    let time = optional(time, is_stamp).ok_or_else(|| wrong("time", "`-`, a calendar label or a window"))?;
    Ok(Parsed { text: text.into(), digest, namespace: namespace.into(), task: task.into(), version, scope, time })
}

fn wrong(field: &'static str, expected: &'static str) -> ParseKeyError {
    ParseKeyError::Field { field, expected }
}

fn optional(field: &str, accepts: fn(&str) -> bool) -> Option<Option<Box<str>>> {
    match field {
        "-" => Some(None),
        _ => accepts(field).then(|| Some(field.into())),
    }
}

fn is_scope(field: &str) -> bool {
    match field.split_once('=') {
        Some((kind, value)) => unescape(kind).is_some() && unescape(value).is_some(),
        // An abbreviated kind starts with `~` itself.
        None => field.rsplit_once('~').is_some_and(|(kind, hash)| unescape(kind).is_some() && label::is_hex_16(hash)),
    }
}

/// Without a sign and without leading zeros.
fn decimal(text: &str) -> Option<NonZeroU32> {
    let n: NonZeroU32 = text.parse().ok()?;
    (n.to_string() == text).then_some(n)
}
