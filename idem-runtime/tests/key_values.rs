//! What each Rust value is in the key's document.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::Set;
use key_support::{Announced, Doc, Number, encoded, hex};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[track_caller]
fn check<T: Serialize + ?Sized>(value: &T, expect: &str) {
    assert_eq!(hex(&encoded(value).unwrap()), expect);
}

#[track_caller]
fn same<A: Serialize + ?Sized, B: Serialize + ?Sized>(a: &A, b: &B) {
    assert_eq!(hex(&encoded(a).unwrap()), hex(&encoded(b).unwrap()));
}

#[track_caller]
fn differ<A: Serialize + ?Sized, B: Serialize + ?Sized>(a: &A, b: &B) {
    assert_ne!(hex(&encoded(a).unwrap()), hex(&encoded(b).unwrap()));
}

/// KEY-10.
#[test]
fn integers_are_their_value_whatever_their_width() {
    for (n, expect) in [
        (0_i128, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (65_535, "19ffff"),
        (65_536, "1a00010000"),
        (u32::MAX.into(), "1affffffff"),
        (1 << 32, "1b0000000100000000"),
        (u64::MAX.into(), "1bffffffffffffffff"),
        (1 << 64, "c249010000000000000000"),
        (-1, "20"),
        (-24, "37"),
        (-25, "3818"),
        (-(1 << 64), "3bffffffffffffffff"),
        (-(1 << 64) - 1, "c349010000000000000000"),
    ] {
        check(&n, expect);
        check(&Number(&n.to_string()), expect);
    }
    check(&u128::MAX, "c250ffffffffffffffffffffffffffffffff");
    same(&1_u8, &1_i64);
    same(&-1_i8, &-1_i128);
    for n in 0..=u8::MAX {
        same(&n, &u64::from(n));
    }
    for n in i8::MIN..=i8::MAX {
        same(&n, &i64::from(n));
        same(&n, &i128::from(n));
    }
}

/// KEY-11.
#[test]
fn floats_are_their_value_in_the_shortest_form() {
    for (x, expect) in [
        (1.0, "01"),
        (-0.0, "00"),
        (1.5, "f93e00"),
        (65_504.5, "fa477fe080"),
        (0.1, "fb3fb999999999999a"),
        (f64::NAN, "f97e00"),
        (-f64::NAN, "f97e00"),
        (f64::INFINITY, "f97c00"),
        (f64::NEG_INFINITY, "f9fc00"),
        (18_446_744_073_709_549_568.0, "1bfffffffffffff800"),
        (18_446_744_073_709_551_616.0, "fa5f800000"),
        (9_223_372_036_854_775_808.0, "1b8000000000000000"),
        (-9_223_372_036_854_775_808.0, "3b7fffffffffffffff"),
        (-9_223_372_036_854_777_856.0, "fbc3e0000000000001"),
        (2_f64.powi(-14), "f90400"),
        (2_f64.powi(-24), "f90001"),
        (-3.0 * 2_f64.powi(-24), "f98003"),
        (1023.0 * 2_f64.powi(-24), "f903ff"),
        (2_f64.powi(-25), "fa33000000"),
        (1.5 * 2_f64.powi(-24), "fa33c00000"),
        (f64::from(f32::from_bits(1)), "fa00000001"),
        (f64::from_bits(1), "fb0000000000000001"),
    ] {
        check(&x, expect);
    }
    same(&0.1_f32, &f64::from(0.1_f32));
    differ(&0.1_f32, &0.1_f64);
}

/// KEY-11: every binary16 comes out as itself, or as the integer it equals.
#[test]
fn every_half_float_is_exact() {
    for bits in 0..=u16::MAX {
        let exponent = i32::from(bits >> 10 & 31);
        let mantissa = f64::from(bits & 0x3ff);
        let magnitude = match exponent {
            0 => mantissa * 2_f64.powi(-24),
            31 => continue,
            _ => (1024.0 + mantissa) * 2_f64.powi(exponent - 25),
        };
        let x = if bits >> 15 == 1 { -magnitude } else { magnitude };
        if x.fract() == 0.0 {
            same(&x, &(x as i64));
        } else {
            check(&x, &format!("f9{bits:04x}"));
        }
    }
}

/// KEY-17: `arbitrary_precision` anywhere in a build moves no key.
#[test]
fn a_number_by_its_text_is_the_number() {
    for text in ["0", "-0", "1", "-7", "1.5", "0.1", "-2.5e-3", "1e3", "1E+2", "100.0", "1e-400"] {
        let plain: serde_json::Value = serde_json::from_str(text).unwrap();
        same(&Number(text), &plain);
    }
    check(&Number("18446744073709551616"), "c249010000000000000000");
    check(&Number("-18446744073709551617"), "c349010000000000000000");
    let digits = (1_u128 << 127).to_string();
    check(&Number(&digits), &format!("c25080{}", "00".repeat(15)));
    // 2^200 and -2^200.
    let power = "1606938044258990275541962092341162602522202993782792835301376";
    check(&Number(power), &format!("c2581a01{}", "00".repeat(25)));
    let power = format!("-{power}");
    check(&Number(&power), &format!("c35819{}", "ff".repeat(25)));
    let keyed = |text: &'static str| Doc::Map(vec![(Doc::int(text), Doc::Null)]);
    same(
        &keyed("12345678901234567890123456789012345678901"),
        &BTreeMap::from([("12345678901234567890123456789012345678901", ())]),
    );
}

/// KEY-8.
#[test]
fn each_kind_of_value_is_what_json_makes_of_it() {
    #[derive(Serialize)]
    struct Unit;
    #[derive(Serialize)]
    struct Newtype(u8);
    #[derive(Serialize)]
    struct Tuple(u8, bool);
    #[derive(Serialize)]
    enum Shape {
        Dot,
        Circle(u8),
        Line(u8, u8),
        Box { w: u8, h: Option<u8> },
    }
    check(&true, "f5");
    check(&false, "f4");
    check(&'é', "62c3a9");
    check("é", "62c3a9");
    check(&Doc::Bytes(vec![1, 200]), "820118c8");
    check(&vec![1_u8, 200], "820118c8");
    check(&[1_u8, 200], "820118c8");
    check(&(), "f6");
    check(&Unit, "f6");
    check(&Newtype(7), "07");
    check(&Tuple(1, true), "8201f5");
    check(&Shape::Dot, "63446f74");
    check(&Shape::Circle(1), "a166436972636c6501");
    check(&Shape::Line(1, 2), "a1644c696e65820102");
    check(&Shape::Box { w: 1, h: None }, "a163426f78a26168f6617701");
    check(&Announced(None, vec![1, 2]), "820102");
    check(&Announced(None, (0..24).collect()), &format!("9818{}", hex(&(0..24).collect::<Vec<_>>())));
    let uuid = "01234567-89ab-cdef-0123-456789abcdef";
    same(&uuid::Uuid::parse_str(uuid).unwrap(), uuid);
    same(&std::net::Ipv4Addr::LOCALHOST, "127.0.0.1");
    same(&format_args!("{}-{}", "a".repeat(300), 1), &format!("{}-1", "a".repeat(300)));
}

/// KEY-15.
#[test]
fn some_of_nothing_is_not_nothing() {
    type Nested = Option<Option<Option<u8>>>;
    let nested = |value: Nested, expect| check(&value, expect);
    nested(None, "f6");
    nested(Some(None), "da6964656df6");
    nested(Some(Some(None)), "da6964656dda6964656df6");
    nested(Some(Some(Some(1))), "01");
    check(&Some(()), "da6964656df6");
    check(&Some(vec![None::<u8>]), "81f6");
    check(&Some(serde_json::Value::Null), "da6964656df6");
}

/// KEY-14.
#[test]
fn maps_are_in_order_whatever_they_came_in() {
    #[derive(Serialize)]
    struct Fields {
        bb: u8,
        a: u8,
        long_name_beyond_eight: u8,
        long_name_beyond_eigh: u8,
    }
    let fields = Fields { bb: 1, a: 2, long_name_beyond_eight: 3, long_name_beyond_eigh: 4 };
    let map = HashMap::from([("long_name_beyond_eigh", 4), ("long_name_beyond_eight", 3), ("a", 2), ("bb", 1)]);
    same(&fields, &map);
    same(&fields, &serde_json::to_value(&map).unwrap());
    check(&HashMap::from([("b", 1), ("a", 2), ("aa", 3), ("", 4)]), "a4600461610261620162616103");
    same(&BTreeMap::from([(10, 1), (9, 2), (-1, 3)]), &HashMap::from([("9", 2), ("-1", 3), ("10", 1)]));
    same(&BTreeMap::from([(true, 1)]), &BTreeMap::from([("true", 1)]));
    same(&BTreeMap::from([('x', 1)]), &BTreeMap::from([("x", 1)]));
    same(&BTreeMap::from([(Some(u128::MAX), 1)]), &BTreeMap::from([(u128::MAX.to_string(), 1)]));
    same(&BTreeMap::from([(std::net::Ipv4Addr::LOCALHOST, 1)]), &BTreeMap::from([("127.0.0.1", 1)]));
}

/// KEY-16.
#[test]
fn a_set_is_its_elements_in_one_order() {
    same(&Set(["b", "a", "aa"]), &["a", "b", "aa"]);
    same(&Set(vec![300, -1, 5]), &Set(BTreeSet::from([300, -1, 5])));
    same(&Set([Set([2, 1]), Set([1, 3])]), &[[1, 2], [1, 3]]);
    same(&Set([0_u8; 0]), &[0_u8; 0]);
    let many: Vec<u32> = (0..500).rev().collect();
    same(&Set(&many), &(0..500).collect::<Vec<u32>>());
}

/// KEY-16: to other formats a `Set` is its collection.
#[test]
fn a_set_passes_through_other_formats() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Job {
        tags: Set<Vec<String>>,
    }
    let text = r#"{"tags":["b","a"]}"#;
    let job: Job = serde_json::from_str(text).unwrap();
    assert_eq!(job.tags.len(), 2);
    assert_eq!(serde_json::to_string(&job).unwrap(), text);
    let collected: Set<Vec<u8>> = [1, 2].into_iter().collect();
    assert_eq!(collected.iter().sum::<u8>(), 3);
    assert_eq!(collected.into_inner(), [1, 2]);
}
