//! The text form of a key (KEY-22 to KEY-24).

use std::num::NonZeroU32;

use idem_fuzz::{fuzz, fuzz_text};
use idem_runtime::key::{Key, KeySpace, KeyWriter, TaskIdent};
use proptest::option::of;

use crate::docs::{doc, text};

const PIECES: &[&str] = &[
    "idem1",
    "+k1",
    ":",
    "app",
    "%",
    "%3A",
    "%2D",
    "%C3%A9",
    "%FF",
    "t@1",
    "@",
    "0",
    "4294967295",
    "-",
    "user=42",
    "user~",
    "~0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "2026-11-21",
    "2026-W47",
    "2026-11-21T02+0200",
    "w1.-3",
    "w60000.",
    "18446744073709551616",
    "é",
    "\u{202e}",
];

/// Any text is refused, or is exactly the text of the key that it is read as.
#[test]
fn key_text() {
    let report = fuzz_text("key_text", 4_000, PIECES, Vec::new(), |text| match text.parse::<Key>() {
        Ok(key) => {
            assert_eq!(key.to_string(), text);
            let again = Key::from_record(*key.digest(), text).unwrap();
            assert_eq!((again.namespace(), again.scope_label()), (key.namespace(), key.scope_label()));
            assert_eq!(
                (again.task(), again.version(), again.time_label()),
                (key.task(), key.version(), key.time_label())
            );
        }
        Err(error) => assert!(error.to_string().len() < 300, "{error}"),
    });
    println!("{report}");
}

/// Whatever a key is made of, its text is read as the same key.
#[test]
fn key_text_of_keys() {
    let inputs = (text(), text(), 1..u32::MAX, of((text(), doc())), proptest::bool::ANY);
    let report = fuzz("key_text_of_keys", 800, inputs, |(namespace, name, version, scope, plain)| {
        let version = NonZeroU32::new(version).unwrap();
        let task = if plain { TaskIdent::with_plain_scope(&name, version) } else { TaskIdent::new(&name, version) };
        let mut writer = KeyWriter::new();
        if let Some((kind, value)) = scope
            && writer.scope(&kind, &value).is_err()
        {
            return;
        }
        let Ok(key) = writer.finish(&KeySpace::new(&namespace), &task) else { return };
        let shown = key.to_string();
        let read: Key = shown.parse().unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!((&read, read.to_string()), (&key, shown));
    });
    println!("{report}");
}
