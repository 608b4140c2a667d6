//! What is long, deep or without an end: where the limits are, and what does not count towards them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::{KeyError, KeyWriter, MAX_ENCODED};
use key_support::{Announced, Doc, Number, preimage};
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

/// KEY-18: what ends is left again. Depth is that of what is open, however much was before.
#[test]
fn what_stands_side_by_side_is_not_nested() {
    let many = |doc: Doc| Doc::Array(vec![doc; 300]);
    for one in [
        Doc::Array(vec![Doc::int(1)]),
        Doc::Map(vec![(Doc::text("k"), Doc::int(1))]),
        Doc::Some(Box::new(Doc::int(1))),
        Doc::Set(vec![Doc::int(1)]),
    ] {
        assert!(preimage(&many(one.clone())).is_ok(), "{one:?}");
    }
    assert!(preimage(&vec![Variant::Tuple(1, 2); 300]).is_ok());
    assert!(preimage(&vec![Variant::Struct { a: 1 }; 300]).is_ok());
    assert!(preimage(&vec![Announced(None, vec![1]); 300]).is_ok());
}

/// KEY-18: what never ends is refused before it fills the memory.
#[test]
fn an_endless_sequence_is_refused_soon_after_the_limit() {
    let endless = Endless(std::cell::Cell::new(0));
    let mut writer = KeyWriter::new();
    let error = writer.arg("v", &endless).unwrap_err();
    assert!(matches!(error, KeyError::TooLarge { .. }), "{error:?}");
    // A buffer that grows by doubling has at most as much room again.
    assert!(endless.0.get() <= 4 * MAX_ENCODED, "{} elements were taken", endless.0.get());
}

/// KEY-18: as many digits as a number may have, and one more.
#[test]
fn the_longest_number_has_a_key() {
    assert!(preimage(&Number(&"7".repeat(20_000))).is_ok());
    assert!(preimage(&Number(&"7".repeat(20_001))).is_err());
}

#[derive(Clone, Serialize)]
enum Variant {
    Tuple(u8, u8),
    Struct { a: u8 },
}

/// Gives elements until one is refused, and counts them; it gives up where none is.
struct Endless(std::cell::Cell<usize>);

impl Serialize for Endless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        for _ in 0..16 * MAX_ENCODED {
            self.0.set(self.0.get() + 1);
            seq.serialize_element(&1_u8)?;
        }
        seq.end()
    }
}
