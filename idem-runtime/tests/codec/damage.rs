//! Bytes that no build of ours wrote: a damaged disk, a foreign writer, an attacker. They are answered with an error, or
//! with some value of the type; never by a panic, and never by memory that the bytes only announce.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::hint::black_box;
use std::time::Duration;

use idem_runtime::codec::{CodecError, decode, encode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::golden::{self, Visit, from_hex};
use crate::types::*;
use crate::{HEAD, envelope};

/// The same bytes in every run (xorshift64).
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        Self(88_172_645_463_325_252)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.next() as u8
    }
}

/// What the decoders may hold at once for each byte of input. The widest element, `[u64; 16]`, takes 128 bytes, and a
/// growing vector or hash table has room for twice what it holds, while its old half is still there.
const PER_BYTE: u64 = 3 * 128;

/// For messages, and for elements of which four are reserved at least.
const ALWAYS: u64 = 2_048;

/// Reads the bytes as every kind of type. The memory that each takes is bound by the bytes that are there.
#[track_caller]
fn read_as_everything(envelope: &[u8]) {
    read_within(ALWAYS + PER_BYTE * envelope.len() as u64, envelope);
}

#[track_caller]
fn read_within(most: u64, envelope: &[u8]) {
    macro_rules! read {
        ($($type:ty),* $(,)?) => {$(
            let held = allocation_counter::measure(|| drop(black_box(decode::<$type>(envelope)))).bytes_max;
            let kind = stringify!($type);
            assert!(held <= most, "{held} bytes for {kind} of {} bytes: {:02x?}", envelope.len(), &envelope[..envelope.len().min(64)]);
        )*};
    }
    read!(
        (), bool, u8, u128, i128, f64, char, String, Option<Option<()>>, Result<Option<()>, String>, IgnoredAny,
        Vec<u8>, Bytes, Vec<u64>, Vec<[u64; 16]>, HashMap<u64, String>, BTreeMap<String, Vec<String>>, Value, Uuid, Duration,
        Optional, Receipt, External, Internal, InternalText, Adjacent, Untagged, Skipping, Flat, FlatMap,
    );
}

#[test]
fn every_truncation_is_an_error() {
    struct Truncate;
    impl Visit for Truncate {
        fn value<T: Serialize + DeserializeOwned + Debug + PartialEq>(&mut self, name: &str, _: T, hex: &str) {
            let bytes = from_hex(hex);
            for len in 0..bytes.len() {
                let read = decode::<T>(&bytes[..len]);
                assert!(matches!(read, Err(CodecError::Decode(_))), "{name}: {len} bytes read as {read:?}");
                read_as_everything(&bytes[..len]);
            }
        }
    }
    golden::each(&mut Truncate);
}

#[test]
fn whatever_is_left_over_is_an_error() {
    struct Append;
    impl Visit for Append {
        fn value<T: Serialize + DeserializeOwned + Debug + PartialEq>(&mut self, name: &str, _: T, hex: &str) {
            for extra in [0x00, 0xf6, 0xff] {
                let read = decode::<T>(&[from_hex(hex), vec![extra]].concat());
                assert!(matches!(read, Err(CodecError::Decode(_))), "{name}: and {extra:02x} read as {read:?}");
            }
        }
    }
    golden::each(&mut Append);
}

/// A change in the content may give another value of the type, which no codec without a checksum can know; what was
/// read is then itself a value that can be kept.
#[test]
fn every_change_of_one_byte_is_an_error_or_a_value() {
    struct Change;
    impl Visit for Change {
        fn value<T: Serialize + DeserializeOwned + Debug + PartialEq>(&mut self, name: &str, _: T, hex: &str) {
            let mut bytes = from_hex(hex);
            for at in 0..bytes.len() {
                let was = bytes[at];
                for byte in (0..=u8::MAX).filter(|byte| *byte != was) {
                    bytes[at] = byte;
                    match decode::<T>(&bytes) {
                        Err(CodecError::Unknown { format, codec }) => assert_eq!([format, codec], bytes[..2], "{name}"),
                        _ if at < HEAD.len() => panic!("{name}: format {:02x?} was taken", &bytes[..2]),
                        Err(_) => {}
                        Ok(value) => assert!(encode(&value).is_ok(), "{name}: {value:?}"),
                    }
                }
                bytes[at] = was;
            }
        }
    }
    golden::each(&mut Change);
}

#[test]
fn announced_lengths_reserve_nothing() {
    const HUGE: [u64; 6] = [u64::MAX, i64::MAX as u64, 1 << 40, u32::MAX as u64, 1 << 24, 70_000];
    for major in [0x40, 0x60, 0x80, 0xa0, 0xc0] {
        for len in HUGE {
            let head = [&[major | 27][..], &len.to_be_bytes()].concat();
            read_as_everything(&envelope(&head));
            for some_content in [&[0x00; 9][..], b"aaaaaaaa", &[0x61, b'a', 0x01], &[0x82, 0x01, 0x02]] {
                read_as_everything(&envelope([&head, some_content].concat()));
            }
            // Inside an array, a map, an enum, a big integer, a field that is passed over.
            for before in ["81", "a16161", "a1614e", "c2", "da6964656d", "a1656f74686572", "bf6161", "a164747970656141"]
            {
                read_as_everything(&envelope([&from_hex(before)[..], &head, &[0x01; 9]].concat()));
            }
        }
    }
    for short in ["98ff", "b9ffff", "5affffffff", "7a7fffffff", "9b0000000100000000"] {
        read_as_everything(&envelope(from_hex(short)));
    }
}

/// Each announces more than it holds, within others that do the same, and each may reserve what the bytes behind it
/// could hold: in types that serde buffers, 32 bytes for each of them, on 128 levels.
#[test]
fn announced_lengths_within_each_other_reserve_a_bounded_part() {
    for head in ["9bffffffffffffffff", "bbffffffffffffffff", "9b0000000000ffffff"] {
        for times in [2, 16, 127, 128, 129] {
            let bytes = envelope(from_hex(&head.repeat(times)));
            // 1 + 1/2 + … + 1/128 < 6: the share of each container that is open, in 64 bytes an entry of serde's own.
            read_within(ALWAYS + 6 * 64 * bytes.len() as u64, &bytes);
        }
    }
}

/// A type that holds itself in an `Option` reads a `Some` from no byte at all: without a bound the stack would overflow.
#[test]
fn a_type_that_holds_itself_ends() {
    #[derive(Debug, Deserialize)]
    struct Endless(#[expect(dead_code, reason = "read, not used")] Option<Box<Endless>>);
    let error = decode::<Endless>(&[1, 1, 0]).unwrap_err().to_string();
    assert!(error.contains("nested deeper"), "{error}");
}

#[test]
fn thirty_thousand_random_and_damaged_inputs() {
    struct Collect(Vec<Vec<u8>>);
    impl Visit for Collect {
        fn value<T: Serialize + DeserializeOwned + Debug + PartialEq>(&mut self, _: &str, _: T, hex: &str) {
            self.0.push(from_hex(hex));
        }
    }
    let mut seeds = Collect(Vec::new());
    golden::each(&mut seeds);

    let mut random = Random::new();
    for turn in 0..30_000 {
        let bytes = if turn % 3 == 0 {
            envelope((0..random.below(40)).map(|_| random.byte()).collect::<Vec<_>>())
        } else {
            let seed = random.below(seeds.0.len());
            damaged(seeds.0[seed].clone(), &mut random)
        };
        read_as_everything(&bytes);
    }
}

/// One to four changes after the envelope's head: another byte, a flipped bit, an end, a head of some great length.
fn damaged(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.below(4) {
        let at = HEAD.len() + random.below((bytes.len() - HEAD.len()).max(1));
        if at >= bytes.len() {
            break;
        }
        match random.below(4) {
            0 => bytes[at] = random.byte(),
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at),
            _ => {
                let major = [0x9b, 0xbb, 0x5b, 0x7b, 0xdd, 0xdf, 0xc6, 0xdb][random.below(8)];
                let len = vec![0xff; 1 + random.below(8)];
                bytes.splice(at..at, [vec![major], len].concat());
            }
        }
    }
    bytes
}
