//! Frozen bytes. A record outlives the build that wrote it: where one of these changes, envelope format 1, codec 1 is
//! another format and needs a number of its own.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use idem_runtime::codec::{CodecError, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::types::*;

/// Does something with each value, under its name and with its frozen bytes.
pub trait Visit {
    fn value<T: Serialize + DeserializeOwned + Debug + PartialEq>(&mut self, name: &str, value: T, hex: &str);
}

pub fn receipt() -> Receipt {
    let id = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    Receipt { id, cents: -1250, to: "Zoë".into(), sent: true, note: None }
}

/// The frozen values, for all that is done with them.
pub fn each(to: &mut impl Visit) {
    to.value("()", (), "0101f6");
    to.value("None", None::<u32>, "0101f6");
    to.value("Some(None)", Some(None::<u32>), "0101da6964656df6");
    to.value("Some(Some(()))", Some(Some(())), "0101da6964656dda6964656df6");
    to.value("false", false, "0101f4");
    to.value("23", 23_u8, "010117");
    to.value("24", 24_u8, "01011818");
    to.value("u64::MAX", u64::MAX, "01011bffffffffffffffff");
    to.value("-1", -1_i64, "010120");
    to.value("i64::MIN", i64::MIN, "01013b7fffffffffffffff");
    to.value("i128::MIN", i128::MIN, "0101c3507fffffffffffffffffffffffffffffff");
    to.value("2^64", 1_u128 << 64, "0101c249010000000000000000");
    to.value("1.5", 1.5_f64, "0101fb3ff8000000000000");
    to.value("0.1, f32", 0.1_f32, "0101fa3dcccccd");
    to.value("empty text", String::new(), "010160");
    to.value("text of 24 bytes", "x".repeat(24), "01017818787878787878787878787878787878787878787878787878");
    to.value("Vec<u8>", vec![0_u8, 255], "0101820018ff");
    to.value("bytes", Bytes(vec![0, 255]), "01014200ff");
    to.value("tuple", (1_u8, "a".to_owned(), None::<u8>), "010183016161f6");
    to.value("map", BTreeMap::from([(7_u64, 1_u8)]), "0101a10701");
    to.value(
        "struct",
        receipt(),
        concat!(
            "0101a5626964782430313233343536372d383961622d636465662d303132332d3435363738396162636465666563656e7473",
            "3904e162746f645a6fc3ab6473656e74f5646e6f7465f6"
        ),
    );
    to.value("unit variant", External::U, "01016155");
    to.value("newtype variant", External::N(-5), "0101a1614e24");
    to.value("tuple variant", External::T(1, "x".into()), "0101a1615482016178");
    to.value("struct variant", External::S { a: 1, o: None, m: BTreeMap::new() }, "0101a16153a3616101616ff6616da0");
    to.value("Result", Ok::<_, String>(()), "0101a1624f6bf6");
    to.value(
        "internal tag",
        Internal::A { n: -1, f: 1.5, o: None, u: 2 },
        "0101a564747970656141616e206166fb3ff8000000000000616ff6617502",
    );
    to.value("adjacent tag", Adjacent::N(7), "0101a26174614e616307");
    to.value("flatten", FlatMap { a: 1, m: BTreeMap::from([(7, 1)]) }, "0101bf6161010701ff");
    to.value("Value", json!({"a": [1, null]}), "0101a161618201f6");
    to.value("Duration", Duration::new(1, 5), "0101a2647365637301656e616e6f7305");
}

#[test]
fn every_value_has_the_bytes_that_were_frozen() {
    struct Compare(Vec<String>);
    impl Visit for Compare {
        fn value<T: Serialize + DeserializeOwned + Debug + PartialEq>(&mut self, name: &str, value: T, hex: &str) {
            let now = to_hex(&encode(&value).unwrap());
            if now != hex {
                self.0.push(format!("{name}:\n  frozen {hex}\n  now    {now}"));
            }
            let read = decode::<T>(&from_hex(hex));
            if read.as_ref() != Ok(&value) {
                self.0.push(format!("{name}:\n  frozen {hex}\n  reads as {read:?}"));
            }
        }
    }
    let mut differences = Compare(Vec::new());
    each(&mut differences);
    assert!(differences.0.is_empty(), "{}", differences.0.join("\n"));
}

#[test]
fn another_format_or_codec_is_named_and_not_guessed() {
    let content = &from_hex("0101f6")[2..];
    for (format, codec) in [(0, 1), (1, 0), (2, 1), (1, 2), (255, 255)] {
        let refused = decode::<()>(&[&[format, codec], content].concat());
        assert_eq!(refused, Err(CodecError::Unknown { format, codec }));
        let message = refused.unwrap_err().to_string();
        assert!(
            message.contains(&format!("format {format}, codec {codec}; this version knows format 1, codec 1")),
            "{message}"
        );
    }
    for short in [&[][..], &[1]] {
        assert_eq!(
            decode::<()>(short).unwrap_err().to_string(),
            "the kept result does not decode: the envelope is cut short"
        );
    }
}

/// The stored form is plain CBOR: tags aside, readers of other languages see the same as `Value` does.
#[test]
fn a_record_reads_without_its_type() {
    let value: Value = decode(&encode(&receipt()).unwrap()).unwrap();
    let id = "01234567-89ab-cdef-0123-456789abcdef";
    assert_eq!(value, json!({"id": id, "cents": -1250, "to": "Zoë", "sent": true, "note": null}));
}

pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn from_hex(hex: &str) -> Vec<u8> {
    let digit = |c: char| c.to_digit(16).unwrap() as u8;
    let digits: Vec<u8> = hex.chars().map(digit).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
