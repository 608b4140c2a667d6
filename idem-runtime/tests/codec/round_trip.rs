//! The table of the decision: what comes back as it was, and what is refused.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use idem_runtime::codec::{CodecError, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::HEAD;
use crate::types::*;

/// Every value comes back as it was, and is encoded again to the same bytes.
#[track_caller]
fn check<T: Serialize + DeserializeOwned + Debug + PartialEq>(case: &str, values: impl IntoIterator<Item = T>) {
    check_by(case, values, T::eq, |first, second| first == second);
}

/// The same for what has no order of its own: the bytes are the same but for the order of entries.
#[track_caller]
fn check_unordered<T: Serialize + DeserializeOwned + Debug + PartialEq>(
    case: &str,
    values: impl IntoIterator<Item = T>,
) {
    let sorted = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.sort_unstable();
        bytes
    };
    check_by(case, values, T::eq, |first, second| sorted(first) == sorted(second));
}

#[track_caller]
fn check_by<T: Serialize + DeserializeOwned + Debug>(
    case: &str,
    values: impl IntoIterator<Item = T>,
    same: impl Fn(&T, &T) -> bool,
    same_bytes: impl Fn(&[u8], &[u8]) -> bool,
) {
    for value in values {
        let first = encode(&value).unwrap_or_else(|error| panic!("{case}: {value:?}: {error}"));
        assert_eq!(first[..2], HEAD, "{case}: {value:?}");
        let back: T = decode(&first).unwrap_or_else(|error| panic!("{case}: {value:?}: {error}: {first:02x?}"));
        assert!(same(&value, &back), "{case}: {value:?} came back as {back:?}");
        let second = encode(&back).unwrap();
        assert!(same_bytes(&first, &second), "{case}: {value:?}: {first:02x?} and then {second:02x?}");
    }
}

/// Refused when it is read, which a debug build finds out in the first run.
#[track_caller]
fn check_refused<T: Serialize + DeserializeOwned + Debug>(case: &str, values: impl IntoIterator<Item = T>) {
    for value in values {
        let refused = decode::<T>(&encode(&value).unwrap());
        let Err(CodecError::Decode(_)) = refused else {
            panic!("{case}: {value:?}: {refused:?}");
        };
    }
}

#[test]
fn nothing_and_its_kin_are_told_apart() {
    check("()", [()]);
    check("None", [None, Some(0_u32)]);
    check("Some(None)", [None, Some(None), Some(Some(0_u32))]);
    check("three deep", [None, Some(None), Some(Some(None)), Some(Some(Some(())))]);
    check("Some(())", [None, Some(())]);
    check("Vec<Option<()>>", [vec![None, Some(())]]);
    check("Option<Unit struct>", [None, Some(Unit)]);
    check("Option<Value::Null>", [None, Some(json!(null)), Some(json!(0))]);
    check::<Result<Option<()>, String>>("Result<Option<()>, String>", [Ok(None), Ok(Some(())), Err("x".into())]);
    check("Result<(), ()>", [Ok(()), Err(())]);
    check("Some(None) in struct", [Some(None), None, Some(Some(1))].map(|a| Twice { a, b: 1 }));
    check(
        "Some(None) as a map's value",
        [BTreeMap::from([("a".to_owned(), Some(None)), ("b".to_owned(), None::<Option<u8>>)])],
    );
}

#[test]
fn numbers_keep_width_sign_and_bits() {
    check("bool", [false, true]);
    check("i64", [0, -1, 23, 24, 255, 256, 65_535, 65_536, i64::MIN, i64::MAX]);
    check("i8", i8::MIN..=i8::MAX);
    check("u8", 0..=u8::MAX);
    check("u64", [0, u64::from(u32::MAX), u64::from(u32::MAX) + 1, u64::MAX]);
    check("usize", [usize::MAX]);
    check(
        "i128",
        [i128::MIN, -1, 0, i128::MAX, i128::from(i64::MIN) - 1, !i128::from(u64::MAX), !i128::from(u64::MAX) - 1],
    );
    check("u128", [u128::MAX, 0, u128::from(u64::MAX), u128::from(u64::MAX) + 1]);

    let bits = |a: &f64, b: &f64| a.to_bits() == b.to_bits();
    check_by("NaN, inf, -0.0", [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0], bits, <[u8]>::eq);
    let mut random = crate::damage::Random::new();
    check_by("random f64", (0..100_000).map(|_| f64::from_bits(random.next())), bits, <[u8]>::eq);
    let bits = |a: &f32, b: &f32| a.to_bits() == b.to_bits();
    check_by("f32", [0.1, f32::MAX, f32::MIN_POSITIVE, 1.0, -0.0, f32::NAN], bits, <[u8]>::eq);
}

#[test]
fn texts_bytes_and_sequences() {
    let long = |len: usize| "x".repeat(len);
    check("text", [String::new(), "é\u{1F600}\0\"\\\n".into(), long(23), long(24), long(255), long(256), long(65_536)]);
    check("char", ['x', '\u{1F600}', '\0']);
    check("Vec<u8>", [vec![], vec![0_u8, 255, 10]]);
    check("bytes", [Bytes(vec![]), Bytes(vec![0, 255]), Bytes(vec![7; 300])]);
    check("[u8; 4]", [[1_u8, 2, 3, 4]]);
    check("tuple", [(1_u8, "a".to_owned(), None::<u8>)]);
    check("newtype", [Newtype(7)]);
    check("unit struct", [Unit]);
    check("many", [(0..1_000_u32).collect::<Vec<_>>()]);
    check_unordered("HashSet", [(0..20_u32).collect::<HashSet<_>>()]);
}

#[test]
fn maps_have_keys_of_any_kind() {
    check("HashMap<u64, _>, none and 1 entry", [HashMap::new(), HashMap::from([(u64::MAX, "a".to_owned())])]);
    check_unordered("HashMap<u64, _>, 20 entries", [(0..20).map(|i| (i * 7919, i)).collect::<HashMap<u64, u64>>()]);
    check("i128", [BTreeMap::from([(i128::MIN, 1), (5, 2)])]);
    check("bool", [BTreeMap::from([(true, 1)])]);
    check("char", [BTreeMap::from([('x', 1)])]);
    check("enum", [BTreeMap::from([(Key::A, 1), (Key::B, 2)])]);
    check("Option", [BTreeMap::from([(None, 1), (Some(1), 2)])]);
    check("Option<()>", [BTreeMap::from([(None, 1), (Some(()), 2)])]);
    check("Uuid", [BTreeMap::from([(Uuid::from_u128(7), 1)])]);
    check("tuple", [HashMap::from([((1, "a".to_owned()), 1)])]);
}

#[test]
fn enums_of_every_tagging() {
    let m = BTreeMap::from([(1, 1), (u64::MAX, 2)]);
    check("external", [External::U, External::N(-5), External::T(1, "x".into())]);
    check("external, struct", [(i128::MIN, None), (1, Some(1))].map(|(a, o)| External::S { a, o, m: m.clone() }));
    check("internal", [(1.5, None), (2.0, Some(1))].map(|(f, o)| Internal::A { n: -1, f, o, u: u64::MAX }));
    check(
        "internal, unit and nested",
        [Internal::U, Internal::B { e: Small::U, v: vec![1] }, Internal::B { e: Small::S { a: 1 }, v: vec![] }],
    );
    let nan = |a: &Internal, b: &Internal| format!("{a:?}") == format!("{b:?}");
    check_by("internal, NaN", [Internal::A { n: 1, f: f64::NAN, o: None, u: 1 }], nan, <[u8]>::eq);
    check("internal, u64-keyed map", [InternalMap::A { m: HashMap::from([(7, 1)]) }]);
    check("internal, Some(None)", [Some(None), None, Some(Some(1))].map(|o| InternalTwice::A { o }));
    let (id, ip, d) = (Uuid::from_u128(9), "::1".parse().unwrap(), Duration::new(1, 999_999_999));
    check("internal, Uuid IpAddr Duration", [InternalText::A { id, ip, d }]);
    check(
        "internal, bytes char newtype tuple ()",
        [InternalBytes::A { b: Bytes(vec![0, 255]), c: 'é', n: Newtype(1), t: (1, 2), u: () }],
    );
    check("internal, Value", [InternalValue::A { v: json!({"a": null, "b": [1, 2.5]}) }]);
    check("adjacent", [Adjacent::U, Adjacent::N(i128::MIN)]);
    check("adjacent, struct", [None, Some(1)].map(|o| Adjacent::S { o, m: m.clone() }));
    check(
        "untagged",
        [Untagged::I(u64::MAX), Untagged::N(-3), Untagged::F(1.5), Untagged::S(String::new()), Untagged::U],
    );
    check(
        "untagged, struct and list",
        [
            Untagged::O { a: None, b: -1 },
            Untagged::O { a: Some(1), b: 2 },
            Untagged::M(vec![Small::U, Small::S { a: 1 }]),
        ],
    );
    check("untagged, 2.0", [Untagged::F(2.0)]);
    check("untagged, u64-keyed map", [UntaggedMap::A { m }, UntaggedMap::B("x".into())]);
    check("renamed to names with - @ and spaces", [Renamed::A { a: 1, b: Small::U }, Renamed::B]);
}

#[test]
fn values_structs_and_flattening() {
    check(
        "Value",
        [
            json!(null),
            json!([]),
            json!(2.0),
            json!(""),
            json!({"a": [1, -1, 1.5, u64::MAX, i64::MIN, null, true, "x"], "b": {"": {}}}),
        ],
    );
    check("Vec<Value>, Option<Value>", [(vec![json!(null), json!(1)], Some(json!({"x": null})))]);
    let inner = Optional { a: Some(0), b: None, c: None, d: None };
    check(
        "Options nested in structs",
        [Optional { a: None, b: Some(String::new()), c: Some(vec![None, Some(1)]), d: Some(Box::new(inner)) }],
    );
    check(
        "skip_serializing_if",
        [
            Skipping { c: 1, d: Some(4), ..Skipping::default() },
            Skipping { a: Some(1), b: vec![2], c: 3, d: None },
            Skipping::default(),
        ],
    );
    let rest = BTreeMap::from([("k".to_owned(), json!({"n": null, "b": u64::MAX}))]);
    check("flatten", [Flat { a: 1, b: Flattened { x: -1, y: None, z: Small::S { a: 1 } }, rest }]);
    check(
        "flatten, nothing left",
        [Flat { a: 1, b: Flattened { x: 1, y: Some(String::new()), z: Small::U }, rest: BTreeMap::new() }],
    );
    check("flatten, u64-keyed map", [FlatMap { a: 1, m: BTreeMap::from([(7, 1)]) }]);
}

#[test]
fn types_of_the_standard_library_and_of_others() {
    check("Uuid", [Uuid::from_u128(u128::MAX / 3), Uuid::nil()]);
    check("Duration", [Duration::MAX, Duration::ZERO]);
    check::<IpAddr>("IpAddr", ["127.0.0.1", "2001:db8::1"].map(|ip| ip.parse().unwrap()));
    check::<SocketAddr>("SocketAddr", ["127.0.0.1:80", "[::1]:443"].map(|at| at.parse().unwrap()));
    check("SystemTime", [SystemTime::UNIX_EPOCH + Duration::new(1_795_262_400, 123)]);
    check::<jiff::Timestamp>("jiff::Timestamp", ["2026-11-21T12:00:00.123456789Z".parse().unwrap()]);
    check("PathBuf, Box, Arc<str>", [(PathBuf::from("/a"), Box::new(1), Arc::<str>::from("x"))]);
    check::<Cow<'static, str>>("Cow", ["x".into(), String::from("y").into()]);
}

/// serde's own buffer has no place for them, in any format.
#[test]
fn integers_of_128_bits_are_refused_inside_buffered_types() {
    check_refused("internal tag, small i128", [InternalBig::A { n: 1 }, InternalBig::A { n: -1 }]);
    check_refused("internal tag, i128::MIN", [InternalBig::A { n: i128::MIN }]);
    check_refused("untagged, i128", [UntaggedBig::A { n: 1 }, UntaggedBig::A { n: i128::MIN }]);
    check_refused("flatten, u128::MAX", [FlatBig { a: 1, m: Big { n: u128::MAX } }]);
    check("untagged, the other variant", [UntaggedBig::B("x".into())]);
}

#[test]
fn maps_keep_their_order() {
    struct Ordered(Vec<(&'static str, u8)>);
    impl Serialize for Ordered {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().copied())
        }
    }
    let one = encode(&Ordered(vec![("a", 1), ("b", 2)])).unwrap();
    let other = encode(&Ordered(vec![("b", 2), ("a", 1)])).unwrap();
    assert_ne!(one, other);
    let read: [BTreeMap<String, u8>; 2] = [decode(&one).unwrap(), decode(&other).unwrap()];
    assert_eq!(read[0], read[1]);
}

/// What `encode` is given may be borrowed; what comes back is owned.
#[test]
fn borrowed_values_are_read_as_owned_ones() {
    let bytes = encode(&("x", &[1_u8, 2][..])).unwrap();
    assert_eq!(decode::<(String, Vec<u8>)>(&bytes).unwrap(), ("x".to_owned(), vec![1, 2]));
    let value: Value = decode(&bytes).unwrap();
    assert_eq!(value, json!(["x", [1, 2]]));
}
