//! Results as users write them: every shape that serde knows.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

macro_rules! shapes {
    ($($item:item)*) => { $(#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)] $item)* };
}

shapes! {
    pub struct Unit;
    pub struct Newtype(pub u32);
    pub struct Optional { pub a: Option<u8>, pub b: Option<String>, pub c: Option<Vec<Option<u8>>>, pub d: Option<Box<Optional>> }
    pub struct Twice { pub a: Option<Option<u8>>, pub b: u8 }
    pub struct Receipt { pub id: Uuid, pub cents: i64, pub to: String, pub sent: bool, pub note: Option<String> }

    pub enum Small { U, S { a: u8 } }
    pub enum External { U, N(i64), T(u8, String), S { a: i128, o: Option<u32>, m: BTreeMap<u64, u8> } }
    #[serde(tag = "type")]
    pub enum Internal { U, A { n: i64, f: f64, o: Option<u32>, u: u64 }, B { e: Small, v: Vec<u8> } }
    #[serde(tag = "type")]
    pub enum InternalBig { A { n: i128 } }
    #[serde(tag = "type")]
    pub enum InternalMap { A { m: HashMap<u64, u8> } }
    #[serde(tag = "type")]
    pub enum InternalTwice { A { o: Option<Option<u8>> } }
    #[serde(tag = "type")]
    pub enum InternalText { A { id: Uuid, ip: IpAddr, d: Duration } }
    #[serde(tag = "type")]
    pub enum InternalBytes { A { b: Bytes, c: char, n: Newtype, t: (u8, u8), u: () } }
    #[serde(tag = "type")]
    pub enum InternalValue { A { v: Value } }
    #[serde(tag = "t", content = "c")]
    pub enum Adjacent { U, N(i128), S { o: Option<u32>, m: BTreeMap<u64, u8> } }
    #[serde(untagged)]
    pub enum Untagged { I(u64), N(i64), F(f64), S(String), O { a: Option<u8>, b: i64 }, M(Vec<Small>), U }
    #[serde(untagged)]
    pub enum UntaggedBig { A { n: i128 }, B(String) }
    #[serde(untagged)]
    pub enum UntaggedMap { A { m: BTreeMap<u64, u8> }, B(String) }
    pub enum Renamed {
        #[serde(rename = "one two")] A { #[serde(rename = "@type")] a: u8, #[serde(rename = "content-type")] b: Small },
        #[serde(rename = "\u{e9}")] B,
    }

    #[serde(default)]
    #[derive(Default)]
    pub struct Skipping {
        #[serde(skip_serializing_if = "Option::is_none")] pub a: Option<u8>,
        #[serde(skip_serializing_if = "Vec::is_empty")] pub b: Vec<u8>,
        pub c: u8,
        #[serde(skip_serializing_if = "Option::is_none")] pub d: Option<u8>,
    }
    pub struct Flat { pub a: u8, #[serde(flatten)] pub b: Flattened, #[serde(flatten)] pub rest: BTreeMap<String, Value> }
    pub struct Flattened { pub x: i64, pub y: Option<String>, pub z: Small }
    pub struct FlatMap { pub a: u8, #[serde(flatten)] pub m: BTreeMap<u64, u8> }
    pub struct FlatBig { pub a: u8, #[serde(flatten)] pub m: Big }
    pub struct Big { pub n: u128 }

    #[derive(PartialOrd, Ord, Eq)]
    pub enum Key { A, B }
}

/// Bytes as a byte string, as `serde_bytes` has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsBytes;
        impl Visitor<'_> for AsBytes {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a byte string")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.into()))
            }
        }
        deserializer.deserialize_byte_buf(AsBytes)
    }
}
