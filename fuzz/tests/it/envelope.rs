//! The envelope of a result. Its damage, type by type, is tested in the runtime (`tests/codec/damage.rs`); here its writing
//! is held against another library's reading, and its reading against whatever bytes.

use ciborium::Value as Cbor;
use idem_fuzz::{fuzz, fuzz_bytes};
use idem_runtime::codec::{decode, encode};
use proptest::collection::{btree_map, vec};
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::{Just, Strategy};
use serde_json::Value;

use crate::docs::text;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            btree_map(text(), inner, 0..8).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

#[test]
fn envelope_round_trip() {
    let report = fuzz("envelope_round_trip", 500, value(), |value| {
        let envelope = encode(&value).unwrap();
        assert_eq!(decode::<Value>(&envelope).unwrap(), value);
        let mut rest = &envelope[2..];
        let other: Cbor = ciborium::from_reader(&mut rest).unwrap();
        assert!(rest.is_empty());
        assert_eq!(other.deserialized::<Value>().unwrap(), value);
    });
    println!("{report}");
}

#[test]
fn envelope_of_any_bytes() {
    let good = ["null", r#"{"a":[1,-1,1.5,null,true,"x"],"":{}}"#, "[[[[[[]]]]]]", "18446744073709551615"];
    let good = good.map(|json| encode(&serde_json::from_str::<Value>(json).unwrap()).unwrap().to_vec());
    let report = fuzz_bytes("envelope", 4_000, good.to_vec(), |bytes| {
        let Ok(read) = decode::<Value>(bytes) else { return };
        let again = decode::<Value>(&encode(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        // Nothing that another decoder calls ill-formed is taken. Its own bound of nesting is not ours.
        let mut rest = &bytes[2..];
        let other: Result<Cbor, _> = ciborium::de::from_reader_with_recursion_limit(&mut rest, 1_024);
        assert!(other.is_ok() && rest.is_empty(), "{other:?}");
    });
    println!("{report}");
}
