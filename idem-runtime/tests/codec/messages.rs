//! A result may be personal data. What is wrong with it is said in kinds, and not by showing it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU8;
use std::time::Duration;

use idem_runtime::codec::{decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::*;

const SECRET: &str = "hunter2-4711@example.org";
const NUMBER: u64 = 471_147_114_711;
const SIGNED: i64 = -471_147_114_711;
const FLOAT: f64 = 47_114_711.25;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    #[serde(rename = "a")]
    _a: u8,
}

/// A field of this name, in the secret's place.
#[derive(Debug, Deserialize)]
struct Named {
    #[serde(rename = "other")]
    _other: u8,
}

#[derive(Serialize)]
struct Tagged {
    t: &'static str,
    c: &'static str,
}

/// The kept value does not fit `T`, and neither the message nor its details show any of it.
#[track_caller]
fn check<T: DeserializeOwned>(kept: impl Serialize, says: &str) {
    let error = decode::<T>(&encode(&kept).unwrap()).err().unwrap_or_else(|| panic!("it fits: {says}"));
    let (message, details) = (error.to_string(), format!("{error:?}"));
    for text in [&message, &details] {
        for secret in ["hunter2", "4711", "example.org"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert!(message.contains(says), "{message}");
}

#[test]
fn a_value_of_another_type_is_named_by_its_kind() {
    check::<u64>(SECRET, "found text, expected u64");
    check::<bool>(SECRET, "found text, expected a boolean");
    check::<()>(SECRET, "found text, expected unit");
    check::<Vec<u8>>(SECRET, "found text, expected a sequence");
    check::<BTreeMap<String, u8>>(SECRET, "found text, expected a map");
    check::<Receipt>(SECRET, "found text, expected struct Receipt");
    check::<Newtype>(SECRET, "found text, expected u32");
    check::<Option<u8>>(Some(SECRET), "found text, expected u8");
    check::<(u8, u8)>((1, SECRET), "found text, expected u8");
    check::<Vec<u8>>([SECRET], "found text, expected u8");
    check::<String>(NUMBER, "found an integer, expected a string");
    check::<String>(SIGNED, "found an integer, expected a string");
    check::<String>(i128::from(SIGNED) << 64, "integer");
    check::<String>(FLOAT, "found a floating point number, expected a string");
    check::<u64>(FLOAT, "found a floating point number, expected u64");
    check::<u64>(Bytes(SECRET.into()), "found bytes, expected u64");
    check::<u64>([SECRET], "found an array, expected u64");
    check::<u64>(BTreeMap::from([(SECRET, SECRET)]), "found a map, expected u64");
    check::<External>([SECRET], "neither text nor a map of one entry where an enum is expected at byte 0");
}

#[test]
fn a_value_that_does_not_fit_is_not_shown() {
    check::<u8>(NUMBER, "found an integer that does not fit, expected u8");
    check::<i8>(SIGNED, "found an integer that does not fit, expected i8");
    check::<u64>(SIGNED, "found an integer that does not fit, expected u64");
    check::<u64>(u128::from(NUMBER) << 64, "u64");
    check::<NonZeroU8>(NUMBER, "found an integer that does not fit");
    check::<char>(SECRET, "found text that does not fit, expected a character");
    check::<String>(Bytes([SECRET.as_bytes(), &[0xff]].concat()), "found bytes that does not fit, expected a string");
    check::<IpAddr>(SECRET, "IP address");
    check::<Duration>(
        BTreeMap::from([("secs", u64::MAX), ("nanos", NUMBER % 1_000_000_000 + 3_000_000_000)]),
        "overflow",
    );
    check::<[u8; 2]>([1], "invalid length 1");
}

#[test]
fn names_out_of_the_data_are_not_shown() {
    check::<External>(SECRET, "found an unknown variant, expected one of U, N, T, S");
    check::<External>(BTreeMap::from([(SECRET, 1)]), "found an unknown variant, expected one of");
    check::<Strict>(BTreeMap::from([(SECRET, 1)]), "found an unknown field, expected one of a");
    check::<Named>(BTreeMap::from([(SECRET, 1)]), "missing field `other`");
    check::<BTreeMap<String, u8>>(BTreeMap::from([(NUMBER, 1)]), "found an integer, expected a string");
    check::<Value>(BTreeMap::from([(vec![SECRET], 1)]), "found an array");
}

/// Through the buffer in which serde keeps what it has to read twice.
#[test]
fn tagged_untagged_and_flattened_types_show_no_more() {
    let with = |field, value| BTreeMap::from([("type", Value::from("A")), (field, value)]);
    check::<Internal>(BTreeMap::from([("type", SECRET)]), "unknown variant");
    check::<Internal>(BTreeMap::from([("type", NUMBER)]), "integer");
    check::<Internal>(SECRET, "found text");
    check::<Internal>(with("n", SECRET.into()), "found text, expected i64");
    check::<InternalText>(with("ip", SECRET.into()), "IP address");
    check::<Adjacent>(BTreeMap::from([("t", SECRET)]), "unknown variant");
    check::<Adjacent>(Tagged { t: "N", c: SECRET }, "found text, expected i128");
    check::<Untagged>(BTreeMap::from([(SECRET, SECRET)]), "did not match any variant");
    check::<Flat>(BTreeMap::from([("a", Value::from(1)), ("x", SECRET.into())]), "found text, expected i64");
    check::<InternalBig>(with("n", NUMBER.into()), "i128");
}
