//! Fingerprints of the arguments beside an explicit key.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::{Fingerprint, FingerprintError, KeySpace, KeyWriter, Secret};
use key_support::{hex, space, task, unhex};

fn fingerprint_in(space: &KeySpace, key: &str, args: &[(&str, u32)]) -> Fingerprint {
    let mut writer = KeyWriter::new();
    for (name, value) in args {
        writer.arg(name, value).unwrap();
    }
    writer.finish_explicit(space, &task(), key).unwrap().1
}

fn fingerprint(args: &[(&str, u32)]) -> Fingerprint {
    fingerprint_in(&space(), "order-1", args)
}

/// KEY-28: these bytes are stored, and never change.
#[test]
fn the_stored_form_is_frozen() {
    let frozen = include_str!("golden/fingerprint.hex").trim();
    let made = fingerprint(&[("amount", 950), ("id", 7)]);
    assert_eq!(hex(made.bytes()), frozen);
    assert_eq!(Fingerprint::from_bytes(&unhex(frozen)).unwrap(), made);
}

#[test]
fn differing_arguments_are_named_in_order() {
    let base = fingerprint(&[("a", 1), ("b", 2), ("order", 3)]);
    for (args, expect) in [
        (&[("a", 1), ("b", 2), ("order", 3)][..], &[][..]),
        (&[("order", 3), ("b", 2), ("a", 1)], &[]),
        (&[("a", 1), ("b", 5), ("order", 3)], &["b"]),
        (&[("a", 9), ("b", 2), ("order", 9)], &["a", "order"]),
        (&[("b", 2), ("order", 3)], &["a"]),
        (&[("a", 1), ("b", 2), ("order", 3), ("aa", 1)], &["aa"]),
        (&[("c", 1)], &["a", "b", "c", "order"]),
        (&[], &["a", "b", "order"]),
    ] {
        let other = fingerprint(args);
        assert_eq!(base.differing(&other), expect);
        assert_eq!(other.differing(&base), expect);
        assert_eq!(base.matches(&other), expect.is_empty());
        assert_eq!(base == other, expect.is_empty());
    }
}

/// KEY-27: equal values show in no other record, nor without the secret.
#[test]
fn a_fingerprint_belongs_to_its_key() {
    let args = [("phone", 555_0100)];
    let secret = |byte| KeySpace::with_secret("app", Secret::new("k1", &[byte; 32]).unwrap());
    let all = [
        fingerprint(&args),
        fingerprint_in(&space(), "order-2", &args),
        fingerprint_in(&KeySpace::new("other"), "order-1", &args),
        fingerprint_in(&secret(1), "order-1", &args),
        fingerprint_in(&secret(2), "order-1", &args),
    ];
    for (at, one) in all.iter().enumerate() {
        for other in &all[at + 1..] {
            assert!(!one.matches(other));
            assert_ne!(one.bytes()[25..], other.bytes()[25..]);
        }
    }
}

/// KEY-28.
#[test]
fn other_bytes_are_refused_and_never_panic() {
    let good = fingerprint(&[("a", 1), ("bb", 2)]);
    let good = good.bytes();
    for end in 0..good.len() {
        Fingerprint::from_bytes(&good[..end]).unwrap_err();
    }
    let longer = [good, &[0]].concat();
    Fingerprint::from_bytes(&longer).unwrap_err();
    let newer = [&[2], &good[1..]].concat();
    let error = Fingerprint::from_bytes(&newer).unwrap_err();
    assert_eq!(error, FingerprintError::Format { found: 2 });
    for at in 0..good.len() {
        for byte in [0, 1, 0x7f, 0xff] {
            let mut bytes = good.to_vec();
            bytes[at] = byte;
            if let Ok(read) = Fingerprint::from_bytes(&bytes) {
                read.differing(&fingerprint(&[("x", 1)]));
            }
        }
    }
}

/// KEY-28: what is not kept by name counts in the total.
#[test]
fn many_arguments_and_long_names_stay_bounded() {
    let names: Vec<String> = (0..600).map(|n| format!("argument_{n:03}")).collect();
    let args: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    let all = fingerprint(&args);
    assert!(all.bytes().len() < 70_000);
    let mut changed = args.clone();
    changed[599].1 = 2;
    let changed = fingerprint(&changed);
    assert!(!all.matches(&changed));
    assert!(all.differing(&changed).is_empty());
    assert_eq!(Fingerprint::from_bytes(all.bytes()).unwrap(), all);
    let long = "n".repeat(256);
    let one = fingerprint(&[(&long, 1)]);
    assert!(!one.matches(&fingerprint(&[(&long, 2)])));
}
