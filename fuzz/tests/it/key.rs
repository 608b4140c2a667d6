//! The key encoder (KEY-8 to KEY-16): what is written means one document and no other.

use ciborium::Value;
use idem_fuzz::fuzz;

use crate::docs::doc;
use crate::key_support::cbor::{Meaning, decode, meaning};
use crate::key_support::{Doc, encoded};

/// The tag of `Some(None)`.
const SOME: u64 = 0x6964_656d;

#[test]
fn key_encoder() {
    let report = fuzz("key_encoder", 500, (doc(), doc()), |(one, other)| {
        let (Some(first), Some(second)) = (written(&one), written(&other)) else { return };
        assert_eq!(first == second, meaning(&one) == meaning(&other), "{one:?} and {other:?}");
    });
    println!("{report}");
}

/// Documents that are nearly the same, which two by chance never are.
#[test]
fn key_encoder_of_neighbours() {
    use proptest::prelude::any;
    let report = fuzz("key_encoder_of_neighbours", 300, (doc(), any::<proptest::sample::Index>()), |(one, at)| {
        let Some(first) = written(&one) else { return };
        for other in neighbours(&one, at) {
            let Some(second) = written(&other) else { continue };
            assert_eq!(first == second, meaning(&one) == meaning(&other), "{one:?} and {other:?}");
        }
    });
    println!("{report}");
}

/// The bytes of a document, which two decoders take for what it means; none where two names or elements are alike.
fn written(doc: &Doc) -> Option<Vec<u8>> {
    let bytes = encoded(doc).ok()?;
    let means = meaning(doc);
    assert_eq!(decode(&bytes), means, "{doc:?}");
    let mut rest = &bytes[..];
    let value: Value = ciborium::from_reader(&mut rest).unwrap_or_else(|error| panic!("{error}: {doc:?}"));
    assert!(rest.is_empty(), "{doc:?}: ciborium leaves {} bytes", rest.len());
    assert_eq!(meaning_of(&value), means, "{doc:?}");
    assert_eq!(encoded(doc).ok().as_ref(), Some(&bytes), "{doc:?} twice");
    Some(bytes)
}

/// What another library read, in our terms.
fn meaning_of(value: &Value) -> Meaning {
    match value {
        Value::Null => Meaning::Null,
        Value::Bool(value) => Meaning::Bool(*value),
        Value::Integer(number) => {
            let number = i128::from(*number);
            let magnitude = if number < 0 { -1 - number } else { number };
            Meaning::Int { negative: number < 0, magnitude: magnitude.unsigned_abs() }
        }
        Value::Float(number) if number.is_nan() => Meaning::Float(f64::NAN.to_bits()),
        Value::Float(number) => Meaning::Float(number.to_bits()),
        Value::Text(text) => Meaning::Text(text.clone()),
        Value::Array(items) => Meaning::Array(items.iter().map(meaning_of).collect()),
        Value::Map(entries) => Meaning::Map(
            entries
                .iter()
                .map(|(name, value)| {
                    let Value::Text(name) = name else { panic!("a name that is {name:?}") };
                    (name.clone(), meaning_of(value))
                })
                .collect(),
        ),
        Value::Tag(tag @ (2 | 3), digits) => {
            let Value::Bytes(digits) = &**digits else { panic!("a big integer of {digits:?}") };
            let magnitude = digits.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte));
            Meaning::Int { negative: *tag == 3, magnitude }
        }
        Value::Tag(SOME, inner) => match meaning_of(inner) {
            Meaning::Null => Meaning::Somes(1),
            Meaning::Somes(count) => Meaning::Somes(count + 1),
            other => panic!("a tag around {other:?}"),
        },
        other => panic!("{other:?} is not of a key"),
    }
}

/// The document with one change of shape or of a leaf.
fn neighbours(doc: &Doc, at: proptest::sample::Index) -> Vec<Doc> {
    let mut found = vec![
        Doc::Some(Box::new(doc.clone())),
        Doc::Array(vec![doc.clone()]),
        Doc::Set(vec![doc.clone()]),
        Doc::Map(vec![(Doc::text(""), doc.clone())]),
    ];
    match doc {
        Doc::Null => found.extend([Doc::Array(Vec::new()), Doc::Bool(false), Doc::text("")]),
        Doc::Bool(value) => found.extend([Doc::int(u8::from(*value)), Doc::text(&value.to_string())]),
        Doc::Int(digits) => found.extend([Doc::text(digits), Doc::F64(digits.parse().unwrap_or(0.0))]),
        Doc::F64(number) => found.extend([Doc::F32(*number as f32), Doc::text(&number.to_string())]),
        Doc::F32(number) => found.push(Doc::F64((*number).into())),
        Doc::Text(text) => {
            found.push(Doc::Bytes(text.clone().into_bytes()));
            found.push(Doc::text(&format!("{text}\0")));
        }
        Doc::Bytes(bytes) => {
            found.push(Doc::Array(bytes.iter().map(Doc::int).collect()));
            found.push(Doc::text(&String::from_utf8_lossy(bytes)));
        }
        Doc::Some(inner) => found.push((**inner).clone()),
        Doc::Array(items) | Doc::Set(items) if !items.is_empty() => {
            let at = at.index(items.len());
            let mut without = items.clone();
            let one = without.remove(at);
            found.push(Doc::Array([without.clone(), vec![Doc::Array(vec![one])]].concat()));
            found.extend([Doc::Array(without.clone()), Doc::Set(without), Doc::Array(items.clone())]);
            found.push(Doc::Set(items.clone()));
        }
        Doc::Map(entries) if !entries.is_empty() => {
            let at = at.index(entries.len());
            let mut others = entries.clone();
            let (name, value) = others.remove(at);
            found.push(Doc::Map(others.clone()));
            others.push((name.clone(), Doc::Null));
            found.push(Doc::Map(others.clone()));
            found.push(Doc::Array(entries.iter().flat_map(|(name, value)| [name.clone(), value.clone()]).collect()));
            others.pop();
            others.push((Doc::Some(Box::new(name)), value));
            found.push(Doc::Map(others));
        }
        Doc::Array(_) | Doc::Set(_) | Doc::Map(_) => found.extend([Doc::Null, Doc::Array(Vec::new())]),
    }
    found
}
