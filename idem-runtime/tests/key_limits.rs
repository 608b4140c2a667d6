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
        Doc::Bytes(vec![1]),
    ] {
        assert!(preimage(&many(one.clone())).is_ok(), "{one:?}");
    }
    assert!(preimage(&vec![Variant::New(1); 300]).is_ok());
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

/// KEY-18: text that is displayed piece by piece counts as it comes.
#[test]
fn an_endless_display_is_refused_at_the_limit() {
    let endless = Displayed { piece: "0123456789", pieces: usize::MAX, written: std::cell::Cell::new(0) };
    let error = KeyWriter::new().arg("v", &endless).unwrap_err();
    assert!(matches!(error, KeyError::TooLarge { .. }), "{error:?}");
    assert!(endless.written.get() <= MAX_ENCODED, "{} bytes were written", endless.written.get());
    // What fits, in however many pieces, has a key; the name, its head and that of the text take seven bytes.
    for (piece, pieces) in [("x", MAX_ENCODED - 7), ("0123456789", 50_000)] {
        assert!(preimage(&Displayed { piece, pieces, written: std::cell::Cell::new(0) }).is_ok(), "{pieces}");
    }
    assert!(preimage(&Displayed { piece: "x", pieces: MAX_ENCODED - 6, written: std::cell::Cell::new(0) }).is_err());
}

/// KEY-18: what is displayed is as long as what is written.
#[test]
fn a_display_may_fill_the_last_byte() {
    let with = |others: usize| {
        let mut writer = KeyWriter::new();
        // Two names of two bytes, heads of five and of one.
        writer.arg("a", &"x".repeat(others)).unwrap();
        writer.arg("b", &Displayed { piece: "x", pieces: 5, written: std::cell::Cell::new(0) })
    };
    let most = MAX_ENCODED - (2 + 5) - (2 + 1 + 5);
    assert_eq!(with(most), Ok(()));
    assert!(matches!(with(most + 1), Err(KeyError::TooLarge { .. })));
}

/// KEY-18: a scope and an explicit key have the limit of all arguments together, each for itself.
#[test]
fn a_scope_and_an_explicit_key_have_a_limit_too() {
    let (fits, long) = ("x".repeat(MAX_ENCODED - 5), "x".repeat(MAX_ENCODED));
    for accepted in [KeyWriter::new().scope("user", &fits), KeyWriter::new().explicit(&fits)] {
        assert_eq!(accepted, Ok(()));
    }
    for refused in [KeyWriter::new().scope("user", &long), KeyWriter::new().explicit(&long)] {
        assert!(matches!(refused, Err(KeyError::TooLarge { .. })), "{refused:?}");
    }
}

/// KEY-18: so has what a template is made of: its text and its values.
#[test]
fn a_template_may_be_as_large_as_the_limit() {
    let template = |length: usize| {
        let mut writer = KeyWriter::new();
        writer.arg("a", &"x".repeat(length)).unwrap();
        writer.template("t:{a}", &["a"])
    };
    // The heads of the list, of the template and of the value, and the template.
    let most = MAX_ENCODED - (1 + 1 + 5 + 5);
    assert_eq!(template(most), Ok(()));
    assert!(matches!(template(most + 1), Err(KeyError::TooLarge { .. })));
}

/// KEY-18: as many digits as a number may have, and one more.
#[test]
fn the_longest_number_has_a_key() {
    assert!(preimage(&Number(&"7".repeat(20_000))).is_ok());
    assert!(preimage(&Number(&"7".repeat(20_001))).is_err());
}

#[derive(Clone, Serialize)]
enum Variant {
    New(u8),
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

/// Writes a piece again and again, and counts the bytes.
struct Displayed {
    piece: &'static str,
    pieces: usize,
    written: std::cell::Cell<usize>,
}

impl std::fmt::Display for Displayed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for _ in 0..self.pieces.min(16 * MAX_ENCODED) {
            f.write_str(self.piece)?;
            self.written.set(self.written.get() + self.piece.len());
        }
        Ok(())
    }
}

impl Serialize for Displayed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
