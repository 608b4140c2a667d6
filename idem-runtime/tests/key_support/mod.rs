//! What the key tests share: documents, and the JSON that spells them.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod cbor;
pub mod json;
pub mod random;

use idem_runtime::key::{KeyError, Set};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

/// Any document that a key can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Doc {
    Null,
    Bool(bool),
    /// An integer by its decimal digits.
    Int(String),
    F64(f64),
    F32(f32),
    Text(String),
    Bytes(Vec<u8>),
    Some(Box<Doc>),
    Array(Vec<Doc>),
    Set(Vec<Doc>),
    /// Keys of any kind.
    Map(Vec<(Doc, Doc)>),
}

impl Doc {
    pub fn text(text: &str) -> Doc {
        Doc::Text(text.to_owned())
    }

    pub fn int(n: impl ToString) -> Doc {
        Doc::Int(n.to_string())
    }
}

impl Serialize for Doc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Doc::Null => serializer.serialize_none(),
            Doc::Bool(value) => serializer.serialize_bool(*value),
            Doc::Int(digits) => integer(digits, serializer),
            Doc::F64(x) => serializer.serialize_f64(*x),
            Doc::F32(x) => serializer.serialize_f32(*x),
            Doc::Text(text) => serializer.serialize_str(text),
            Doc::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Doc::Some(doc) => serializer.serialize_some(doc),
            Doc::Array(docs) => docs.serialize(serializer),
            Doc::Set(docs) => Set(docs).serialize(serializer),
            Doc::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (name, value) in entries {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

fn integer<S: Serializer>(digits: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if let Ok(n) = digits.parse::<i64>() {
        serializer.serialize_i64(n)
    } else if let Ok(n) = digits.parse::<u64>() {
        serializer.serialize_u64(n)
    } else if let Ok(n) = digits.parse::<i128>() {
        serializer.serialize_i128(n)
    } else if let Ok(n) = digits.parse::<u128>() {
        serializer.serialize_u128(n)
    } else {
        Number(digits).serialize(serializer)
    }
}

/// How `serde_json` hands over a number under `arbitrary_precision`.
pub struct Number<'a>(pub &'a str);

impl Serialize for Number<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const NAME: &str = "$serde_json::private::Number";
        let mut fields = serializer.serialize_struct(NAME, 1)?;
        fields.serialize_field(NAME, self.0)?;
        fields.end()
    }
}

/// How `serde_json` hands over raw text.
pub struct RawValue(pub &'static str);

impl Serialize for RawValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const NAME: &str = "$serde_json::private::RawValue";
        let mut fields = serializer.serialize_struct(NAME, 1)?;
        fields.serialize_field(NAME, self.0)?;
        fields.end()
    }
}

/// A sequence that announces what it does not keep.
#[derive(Clone)]
pub struct Announced(pub Option<usize>, pub Vec<u8>);

impl Serialize for Announced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(self.0)?;
        for item in &self.1 {
            seq.serialize_element(item)?;
        }
        seq.end()
    }
}

/// The preimage of a call with this one argument.
pub fn preimage<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, KeyError> {
    let mut writer = idem_runtime::key::KeyWriter::new();
    writer.arg("v", value)?;
    writer.preimage(&space(), &task())
}

/// The encoding of one value, cut out of a preimage.
pub fn encoded<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, KeyError> {
    let empty = preimage(&()).unwrap();
    let preimage = preimage(value)?;
    // The value stands before the time, which is one byte here, where `()` is one byte too.
    Ok(preimage[empty.len() - 2..preimage.len() - 1].to_vec())
}

pub fn space() -> idem_runtime::key::KeySpace {
    idem_runtime::key::KeySpace::new("app")
}

pub fn task() -> idem_runtime::key::TaskIdent {
    idem_runtime::key::TaskIdent::new("t", std::num::NonZeroU32::MIN)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "odd hex: {text}");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits")).collect()
}
