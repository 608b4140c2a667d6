//! A record of last month is read by this month's build, and sometimes the other way round.

use idem_runtime::codec::{CodecError, decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Old {
    a: u8,
    b: String,
    e: OldKind,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum OldKind {
    A { x: u8 },
    B,
}

/// With a field added at its head and one in the middle, one widened, one moved; variants moved and added.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct New {
    z: Option<u8>,
    b: String,
    a: u64,
    #[serde(default)]
    n: Vec<u8>,
    e: NewKind,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum NewKind {
    New,
    B,
    A {
        #[serde(default)]
        y: u8,
        x: u32,
    },
}

#[track_caller]
fn check<From: Serialize, To: DeserializeOwned + PartialEq + std::fmt::Debug>(kept: From, read: To) {
    assert_eq!(decode::<To>(&encode(&kept).unwrap()).unwrap(), read);
}

fn old() -> Old {
    Old { a: 7, b: "b".into(), e: OldKind::A { x: 3 } }
}

fn new(z: Option<u8>, e: NewKind) -> New {
    New { z, b: "b".into(), a: 7, n: vec![], e }
}

#[test]
fn added_moved_and_widened_fields_read_older_results() {
    check(old(), new(None, NewKind::A { y: 0, x: 3 }));
    check(Old { e: OldKind::B, ..old() }, new(None, NewKind::B));
    check(7_u8, 7_u64);
    check(-7_i8, -7_i128);
    check((1_u8, "x"), (1_u64, "x".to_owned()));
}

#[test]
fn older_code_reads_newer_results_that_it_knows() {
    check(new(Some(1), NewKind::A { y: 9, x: 3 }), old());
    let refused = decode::<Old>(&encode(&new(None, NewKind::New)).unwrap());
    assert!(matches!(refused, Err(CodecError::Decode(_))), "{refused:?}");
    let refused = decode::<u8>(&encode(&256_u64).unwrap());
    assert!(matches!(refused, Err(CodecError::Decode(_))), "{refused:?}");
}

#[test]
fn an_option_put_around_a_value_or_taken_away_reads_older_results() {
    check(7_u8, Some(7_u8));
    check(Some(7_u8), 7_u8);
    check("x", Some("x".to_owned()));
    check(None::<u8>, Some(None::<u8>).flatten());
    check((), ());
    check(old(), Some(old()));
    check([7_u8], [Some(Some(7_u8))]);
}

#[test]
fn a_newtype_put_around_a_value_reads_older_results() {
    check(7_u32, crate::types::Newtype(7));
    check(crate::types::Newtype(7), 7_u64);
}

#[test]
fn another_type_is_an_error_and_not_another_value() {
    fn refused<To: DeserializeOwned + std::fmt::Debug>(kept: impl Serialize) {
        let read = decode::<To>(&encode(&kept).unwrap());
        assert!(matches!(read, Err(CodecError::Decode(_))), "{read:?}");
    }
    refused::<u64>("x");
    refused::<String>(1_u64);
    refused::<Vec<u8>>(old());
    refused::<New>(7_u8);
    refused::<()>(0_u8);
    refused::<bool>(0_u8);
    refused::<u8>(false);
    refused::<u8>(1.0_f64);
    refused::<[u8; 3]>([1_u8, 2]);
    refused::<[u8; 2]>([1_u8, 2, 3]);
    refused::<(u8, u8)>((1_u8, 2_u8, 3_u8));
    refused::<OldKind>("C");
    refused::<u8>(Some(()));
}
