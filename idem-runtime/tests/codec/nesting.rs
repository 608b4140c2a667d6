//! Depth is bounded on both sides: what is written can be read, and no bytes exhaust the stack.

use std::collections::BTreeMap;

use idem_runtime::codec::{decode, encode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::envelope;

/// Containers within containers that are taken.
const MOST: usize = 128;

/// Far beyond what any stack holds, were each level a call.
const ENDLESS: usize = 100_000;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Node(Box<Tree>),
    Two(Box<Tree>, Box<Tree>),
    Named { child: Box<Tree> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct List {
    next: Option<Box<List>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nest(Vec<Nest>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    Leaf,
    Node { child: Box<Tagged> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Leaf(u8),
    Node(Vec<Untagged>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    #[serde(flatten)]
    children: BTreeMap<String, Flat>,
}

fn nested<T>(levels: usize, leaf: T, wrap: impl Fn(T) -> T) -> T {
    (0..levels).fold(leaf, |value, _| wrap(value))
}

/// That many levels can be written and read, and one more not even written.
#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(levels: usize, make: impl Fn(usize) -> T) {
    let deepest = make(levels);
    let bytes = encode(&deepest).unwrap();
    assert_eq!(decode::<T>(&bytes).unwrap(), deepest);
    let refused = encode(&make(levels + 1)).unwrap_err().to_string();
    assert_eq!(refused, "it cannot be encoded: nested deeper than 128");
}

#[test]
fn what_is_written_can_be_read_to_the_last_level() {
    check(MOST, |levels| nested(levels, Value::Null, |value| vec![value].into()));
    check(MOST - 1, |levels| nested(levels, Nest(vec![]), |nest| Nest(vec![nest])));
    check(MOST - 1, |levels| nested(levels, List { next: None }, |list| List { next: Some(Box::new(list)) }));
    check(MOST, |levels| nested(levels, Tree::Leaf, |tree| Tree::Node(Box::new(tree))));
    // Each is an enum's map and what is in it.
    check(MOST / 2, |levels| nested(levels, Tree::Leaf, |tree| Tree::Two(Box::new(Tree::Leaf), Box::new(tree))));
    check(MOST / 2, |levels| nested(levels, Tree::Leaf, |tree| Tree::Named { child: Box::new(tree) }));
    check(MOST - 1, |levels| nested(levels, Tagged::Leaf, |child| Tagged::Node { child: Box::new(child) }));
    check(MOST, |levels| nested(levels, Untagged::Leaf(0), |child| Untagged::Node(vec![child])));
    check(MOST - 1, |levels| {
        nested(levels, Flat { children: BTreeMap::new() }, |child| Flat {
            children: BTreeMap::from([("a".into(), child)]),
        })
    });
}

#[test]
fn endless_nesting_is_refused() {
    let levels: [&[u8]; 9] = [
        &[0x81],                         // arrays
        &[0x82, 0x00],                   // in their second element
        &[0x9f],                         // that end with a break
        &[0xa1, 0x00],                   // maps, under a number
        &[0xa1, 0x61, b'a'],             // under a text
        &[0xbf, 0x61, b'a'],             // that end with a break
        &[0xa1],                         // as keys
        &[0xda, 0x69, 0x64, 0x65, 0x6d], // `Some`s
        &[0x81, 0xda, 0x69, 0x64, 0x65, 0x6d],
    ];
    for level in levels {
        read_as_trees(level.repeat(ENDLESS));
    }
    for text in [&b"\xa1\x64Node"[..], b"\xa1\x63Two\x82\x64Leaf", b"\xa1\x65Named\xa1\x65child", b"\xa1\x64next"] {
        read_as_trees(text.repeat(ENDLESS));
    }
    read_as_trees(b"\xa2\x64type\x64Node\x65child".repeat(ENDLESS));
}

fn read_as_trees(content: Vec<u8>) {
    let bytes = envelope(content);
    macro_rules! read {
        ($($type:ty),*) => {$(
            let refused = decode::<$type>(&bytes).map(drop).unwrap_err().to_string();
            assert!(refused.len() < 300, "{refused}");
        )*};
    }
    read!(Value, Tree, List, Nest, Tagged, Untagged, Flat, IgnoredAny, Option<Option<()>>, Vec<Vec<Value>>, String);
    let refused = decode::<IgnoredAny>(&bytes).unwrap_err().to_string();
    assert_eq!(refused, "the kept result does not decode: nested deeper than 128");
}
