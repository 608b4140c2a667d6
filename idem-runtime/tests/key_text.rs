//! The text form of a key, secrets, and scope labels.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::{Key, KeySpace, KeyWriter, ParseKeyError, Secret, TaskIdent, TimeLabel};
use key_support::{Doc, hex, space, task};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::num::{NonZeroU32, NonZeroU64};

fn scoped<T: Serialize + ?Sized>(space: &KeySpace, task: &TaskIdent, kind: &str, value: &T) -> Key {
    let mut writer = KeyWriter::new();
    writer.scope(kind, value).unwrap();
    writer.finish(space, task).unwrap()
}

fn field(key: &Key, at: usize) -> String {
    key.to_string().split(':').nth(at).unwrap().to_owned()
}

/// KEY-23.
#[test]
fn fields_are_escaped_or_abbreviated() {
    for (text, expect) in [
        ("", "%"),
        ("-", "%2D"),
        ("--", "--"),
        ("a.b_c-D9", "a.b_c-D9"),
        ("a:b", "a%3Ab"),
        ("%", "%25"),
        ("~", "%7E"),
        ("a b{é}", "a%20b%7B%C3%A9%7D"),
        (&"x".repeat(64), &"x".repeat(64)),
        (&":".repeat(21), &"%3A".repeat(21)),
        (&(":".repeat(21) + "x"), &("%3A".repeat(21) + "x")),
        (&(":".repeat(21) + "xx"), &abbreviated(&(":".repeat(21) + "xx"))),
        (&":".repeat(22), &abbreviated(&":".repeat(22))),
        (&"x".repeat(65), &abbreviated(&"x".repeat(65))),
    ] {
        let key = KeyWriter::new().finish(&KeySpace::new(text), &task()).unwrap();
        assert_eq!(field(&key, 1), expect);
        let read: Key = key.to_string().parse().unwrap();
        let shown = if expect.starts_with('~') { expect } else { text };
        assert_eq!(read.namespace(), shown);
    }
}

fn abbreviated(text: &str) -> String {
    format!("~{}", hex(&Sha256::digest(text)[..8]))
}

/// KEY-24.
#[test]
fn integers_are_shown_and_all_else_is_hidden() {
    let label = |value: &Doc| scoped(&space(), &task(), "user", value).scope_label().unwrap();
    assert_eq!(label(&Doc::int(42)), "user=42");
    assert_eq!(label(&Doc::int(-5)), "user=-5");
    assert_eq!(label(&Doc::F64(42.0)), "user=42");
    for digits in [
        u64::MAX.to_string(),
        u128::MAX.to_string(),
        i128::MIN.to_string(),
        format!("-{}", 1_u128 << 64),
        format!("{}", 1_u128 << 64),
        "100000000000000000000000000000000000000000000000001".to_owned(),
        format!("-{}", "340282366920938463463374607431768211456"),
    ] {
        assert_eq!(label(&Doc::int(&digits)), format!("user={digits}"));
    }
    let digits = "7".repeat(65);
    assert_eq!(label(&Doc::int(&digits)), format!("user={}", abbreviated(&digits)));
    for hidden in
        [Doc::text("42"), Doc::Bool(true), Doc::F64(1.5), Doc::Array(vec![Doc::int(1)]), Doc::text(&"x".repeat(100))]
    {
        let label = label(&hidden);
        assert!(label.starts_with("user~") && label.len() == 21, "{label}");
    }
}

/// KEY-24: a label is the same whether its scope is short enough to be kept in place or not.
#[test]
fn a_hidden_label_is_the_digest_of_its_scope() {
    for value in ["ada", &"x".repeat(46), &"x".repeat(300)] {
        let label = scoped(&space(), &task(), "user", value).scope_label();
        let mut preimage = b"\x84\x6bidem1-scope\x63app\x64user".to_vec();
        let head: &[u8] = match value.len() {
            3 => &[0x63],
            46 => &[0x78, 46],
            _ => &[0x79, 1, 44],
        };
        preimage.extend_from_slice(head);
        preimage.extend_from_slice(value.as_bytes());
        let digest = hex(&Sha256::digest(&preimage)[..8]);
        assert_eq!(label.unwrap(), format!("user~{digest}"));
    }
}

/// KEY-24.
#[test]
fn plain_labels_show_text() {
    let task = TaskIdent::with_plain_scope("t", NonZeroU32::MIN);
    let label = |value: &Doc| scoped(&space(), &task, "user", value).scope_label().unwrap();
    assert_eq!(label(&Doc::text("ada@x")), "user=ada%40x");
    assert_eq!(label(&Doc::text("")), "user=%");
    assert_eq!(label(&Doc::text("-")), "user=%2D");
    assert!(label(&Doc::Bool(true)).starts_with("user~"));
    let long = label(&Doc::text(&"x".repeat(65)));
    assert_eq!(long, format!("user={}", abbreviated(&"x".repeat(65))));
}

/// KEY-21.
#[test]
fn a_secret_changes_digests_and_hides_every_scope() {
    let secret = |id: &str, byte: u8| Secret::new(id, &[byte; 32]).unwrap();
    let plain_task = TaskIdent::with_plain_scope("t", NonZeroU32::MIN);
    let key = |space: &KeySpace| scoped(space, &plain_task, "user", &42);
    let plain = key(&space());
    let first = key(&KeySpace::with_secret("app", secret("k1", 1)));
    let other_bytes = key(&KeySpace::with_secret("app", secret("k1", 2)));
    let other_id = key(&KeySpace::with_secret("app", secret("k 2", 1)));
    assert_ne!(first, plain);
    assert_ne!(first, other_bytes);
    assert_ne!(first, other_id);
    assert_ne!(first.scope_label(), other_bytes.scope_label());
    assert!(first.scope_label().unwrap().starts_with("user~"));
    assert_eq!(field(&other_id, 0), "idem1+k%202");
}

/// KEY-21.
#[test]
fn a_secret_has_32_bytes_and_does_not_show() {
    assert!(Secret::new("k1", &[7; 31]).unwrap_err().to_string().contains("31 bytes"));
    let secret = Secret::new("k1", b"0123456789abcdef0123456789abcdef").unwrap();
    let shown = format!("{secret:?} {:?}", KeySpace::with_secret("app", secret.clone()));
    assert!(shown.contains("k1"));
    assert!(!shown.contains("0123") && !shown.contains("48, 49"), "{shown}");
}

fn example() -> Key {
    let mut writer = KeyWriter::new();
    writer.scope("user", "ada").unwrap();
    writer.time(TimeLabel::window_of(NonZeroU64::MIN, -3));
    let task = TaskIdent::new("mail.send", NonZeroU32::new(2).unwrap());
    writer.finish(&space(), &task).unwrap()
}

/// KEY-22.
#[test]
fn a_text_is_read_as_the_same_key() {
    let key = example();
    let read: Key = key.to_string().parse().unwrap();
    assert_eq!(read, key);
    assert_eq!(read.to_string(), key.to_string());
    assert_eq!((read.task(), read.version(), read.namespace()), ("mail.send", 2, "app"));
    assert_eq!(read.scope_label(), key.scope_label());
    assert_eq!(read.time_label().as_deref(), Some("w1.-3"));
    assert_eq!(format!("{read:?}"), format!("Key({key})"));
    assert_eq!(Key::from_record(*key.digest(), &key.to_string()).unwrap(), key);
    let other = Key::from_record([0; 32], &key.to_string()).unwrap_err();
    assert_eq!(other, ParseKeyError::OtherDigest);
}

/// KEY-22: no other text is a key.
#[test]
fn a_text_that_no_key_has_is_refused() {
    let text = example().to_string();
    let fields: Vec<&str> = text.split(':').collect();
    let with = |at: usize, field: &str| {
        let mut fields = fields.clone();
        fields[at] = field;
        fields.join(":")
    };
    for good in [
        with(0, "idem1+k1"),
        with(1, "%"),
        with(3, "-"),
        with(3, "~0123456789abcdef~0123456789abcdef"),
        with(5, "-"),
        with(5, "2026-10-25T02+0200"),
        with(5, "2026-W47"),
        with(5, "2026-11"),
    ] {
        assert_eq!(good.parse::<Key>().unwrap().to_string(), good);
    }
    let upper = fields[4].to_uppercase();
    for bad in [
        String::new(),
        "idem1".to_owned(),
        format!("{text}:"),
        with(0, "idem2"),
        with(0, "idem1k1"),
        with(0, "idem1+"),
        with(1, ""),
        with(1, "-"),
        with(1, "a b"),
        with(1, "%3a"),
        with(1, "%41"),
        with(1, "%2"),
        with(1, "%FF"),
        with(1, "~0123"),
        with(1, &"x".repeat(65)),
        with(2, "t"),
        with(2, "t@0"),
        with(4, &format!("{}00", fields[4])),
        with(4, &format!("{}0", fields[4])),
        with(4, &fields[4][2..]),
        with(2, "t@01"),
        with(2, "t@+1"),
        with(2, "@1"),
        with(3, ""),
        with(3, "user"),
        with(3, "user="),
        with(3, "user~0123"),
        with(3, "user=a b"),
        with(4, &fields[4][1..]),
        with(4, &upper),
        with(5, ""),
        with(5, "2026-13-"),
        with(5, "w0.1"),
        with(5, "w1.+1"),
        with(5, "w01.1"),
        text.replace(':', "::"),
    ] {
        assert!(bad.parse::<Key>().is_err(), "{bad}");
    }
}

/// KEY-22: six fields, whatever goes in; bounded.
#[test]
fn a_text_has_six_fields_and_a_bounded_length() {
    let nasty = [":", "a:b@1", "{x}", "\n", "ü", "%3A", "-", ""];
    for text in nasty {
        let long = text.repeat(200);
        for text in [text, &long] {
            let kind = if text.is_empty() { "k" } else { text };
            let task = TaskIdent::with_plain_scope(text, NonZeroU32::MAX);
            let key = scoped(&KeySpace::new(text), &task, kind, text);
            let shown = key.to_string();
            assert_eq!(shown.split(':').count(), 6, "{shown}");
            assert!(shown.len() < 400 && shown.is_ascii(), "{shown}");
            assert!(!shown.contains(['{', '}', '\n']), "{shown}");
            assert_eq!(shown.parse::<Key>().unwrap(), key);
        }
    }
}

/// KEY-26: an index is an integer, of which zero is no negative one.
#[test]
fn the_index_of_a_window_is_written_as_an_integer() {
    for (index, ending) in [(0, &[0x18, 100, 0x00][..]), (1, &[0x18, 100, 0x01]), (-1, &[0x18, 100, 0x20])] {
        let mut writer = KeyWriter::new();
        writer.time(TimeLabel::window_of(NonZeroU64::new(100).unwrap(), index));
        let preimage = writer.preimage(&space(), &task()).unwrap();
        assert!(preimage.ends_with(ending), "{index}: {}", hex(&preimage));
    }
}
