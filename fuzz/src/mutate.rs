//! Inputs that were good: what a decoder takes is near to what it was given to write.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::sample::{Index, select};
use proptest::strategy::{Just, Strategy, Union};

/// Lengths and numbers at which something ends.
const EDGES: [u64; 12] =
    [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 62, i64::MAX as u64, u64::MAX];

#[derive(Debug, Clone)]
enum Change {
    Bit(Index, u8),
    Byte(Index, u8),
    /// The last so many bytes of the number, at any place.
    Edge(Index, u64, usize),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

/// Any bytes, and those of `seeds` with up to six changes.
pub fn damaged(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let bytes = vec(any::<u8>(), 0..64).boxed();
    if seeds.is_empty() {
        return Union::new([bytes]);
    }
    let damaged =
        (select(seeds), vec(change(), 0..6)).prop_map(|(seed, changes)| changes.into_iter().fold(seed, apply));
    Union::new_weighted(vec![(1, bytes), (4, damaged.boxed())])
}

/// Text of `pieces` and any letters, and that of `seeds` with up to four places written over.
pub fn changed(seeds: Vec<String>, pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let letters = || vec(any::<char>(), 0..4).prop_map(String::from_iter);
    let piece = move || {
        let ascii = vec(proptest::char::range(' ', '~'), 1..6).prop_map(String::from_iter);
        prop_oneof![4 => select(pieces).prop_map(str::to_owned), 1 => letters(), 1 => ascii]
    };
    let text = vec(piece(), 0..16).prop_map(|pieces| pieces.concat()).boxed();
    if seeds.is_empty() {
        return Union::new([text]);
    }
    let place = (any::<Index>(), 0..4_usize, prop_oneof![piece(), Just(String::new())]);
    let changed = (select(seeds), vec(place, 0..4)).prop_map(|(seed, places)| {
        let mut letters: Vec<char> = seed.chars().collect();
        for (at, removed, piece) in places {
            let at = at.index(letters.len() + 1);
            let end = (at + removed).min(letters.len());
            letters.splice(at..end, piece.chars());
        }
        letters.into_iter().collect()
    });
    Union::new([text, changed.boxed()])
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Change::Bit(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (at(), select(&EDGES[..]), select(&[1_usize, 2, 4, 8][..])).prop_map(|(at, n, len)| Change::Edge(at, n, len)),
        (at(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (at(), 1..40_usize).prop_map(|(at, len)| Change::Remove(at, len)),
        (at(), 1..40_usize).prop_map(|(at, len)| Change::Repeat(at, len)),
        at().prop_map(Change::Cut),
    ]
}

fn apply(mut bytes: Vec<u8>, change: Change) -> Vec<u8> {
    // One place more than there are bytes: the end is a place too.
    let place = |at: Index| at.index(bytes.len() + 1);
    match change {
        Change::Bit(at, bit) => {
            let at = place(at);
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
        }
        Change::Byte(at, new) => {
            let at = place(at);
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = new);
        }
        Change::Edge(at, number, len) => {
            let at = place(at);
            let number = &number.to_be_bytes()[8 - len..];
            bytes.iter_mut().skip(at).zip(number).for_each(|(byte, new)| *byte = *new);
        }
        Change::Insert(at, new) => {
            let at = place(at);
            bytes.splice(at..at, new);
        }
        Change::Remove(at, len) => {
            let at = place(at);
            bytes.drain(at..(at + len).min(bytes.len()));
        }
        Change::Repeat(at, len) => {
            let at = place(at);
            let part = bytes[at..(at + len).min(bytes.len())].to_vec();
            bytes.splice(at..at, part);
        }
        Change::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
    }
    bytes
}
