//! Documents that a key can hold, by chance.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, Just, Strategy};

use crate::key_support::Doc;

/// Also combining letters, the borders of planes, and what separates the fields of a readable key.
pub fn text() -> impl Strategy<Value = String> {
    const ODD: [&str; 12] =
        ["", "\0", "-", "%", "é", "e\u{301}", "\u{d7ff}", "\u{e000}", "\u{ffff}", "\u{10ffff}", "\u{202e}", "a:b@1"];
    let letters = |count| vec(any::<char>(), count).prop_map(String::from_iter);
    let few = vec(proptest::char::range('a', 'c'), 0..4).prop_map(String::from_iter);
    let long = (letters(1..5), 20..300_usize).prop_map(|(piece, times)| piece.repeat(times));
    prop_oneof![4 => letters(0..12), 4 => few, 2 => select(&ODD[..]).prop_map(str::to_owned), 1 => long]
}

/// Of any width, often beside a border between widths.
fn integer() -> impl Strategy<Value = Doc> {
    let beside = (0..127_u32, -2..3_i128).prop_map(|(bit, by)| (1_i128 << bit) + by);
    let number = prop_oneof![-300..300_i128, beside.clone(), beside.prop_map(|n| -n), any::<i128>()];
    // Beyond `i128` the plain decoder has no number: `key_values.rs` has cases.
    number.prop_map(Doc::int)
}

fn float() -> impl Strategy<Value = f64> {
    let whole = any::<i64>().prop_map(|n| n as f64);
    let small = (-5_000..5_000_i32, 0..30_i32).prop_map(|(n, exponent)| f64::from(n) * 2_f64.powi(-exponent));
    let edges = select(vec![0.0, -0.0, f64::NAN, f64::INFINITY, -2_f64.powi(63), 2_f64.powi(64), 65_504.0, 65_520.0]);
    prop_oneof![any::<u64>().prop_map(f64::from_bits), whole, small, edges]
}

/// Any document.
pub fn doc() -> BoxedStrategy<Doc> {
    let leaf = prop_oneof![
        Just(Doc::Null),
        any::<bool>().prop_map(Doc::Bool),
        integer(),
        float().prop_map(Doc::F64),
        any::<u32>().prop_map(|bits| Doc::F32(f32::from_bits(bits))),
        text().prop_map(Doc::Text),
        vec(any::<u8>(), 0..40).prop_map(Doc::Bytes),
    ];
    let name = prop_oneof![
        4 => text().prop_map(Doc::Text),
        1 => integer(),
        1 => any::<bool>().prop_map(Doc::Bool),
        1 => text().prop_map(|text| Doc::Some(Box::new(Doc::Text(text)))),
    ];
    let name = name.boxed();
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            inner.clone().prop_map(|doc| Doc::Some(Box::new(doc))),
            vec(inner.clone(), 0..8).prop_map(Doc::Array),
            vec(inner.clone(), 0..8).prop_map(Doc::Set),
            vec((name.clone(), inner.clone()), 0..8).prop_map(Doc::Map),
            // Enums, as serde hands them over: one entry under the variant's name.
            (select(&["A", "B"][..]), inner).prop_map(|(name, doc)| Doc::Map(vec![(Doc::text(name), doc)])),
        ]
    })
    .boxed()
}
