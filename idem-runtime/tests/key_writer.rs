//! The writer: order, reuse, panics, threads.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::{Key, KeyError, KeyWriter};
use key_support::{hex, space, task};
use serde::{Serialize, Serializer};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn key(names: &[&str]) -> Key {
    let mut writer = KeyWriter::new();
    for name in names {
        writer.arg(name, &name.len()).unwrap();
    }
    writer.finish(&space(), &task()).unwrap()
}

/// KEY-6, KEY-14.
#[test]
fn arguments_may_come_in_any_order() {
    let expect = key(&["a", "b", "aa", "order", "a_long_name_of_an_argument"]);
    assert_eq!(key(&["order", "aa", "a_long_name_of_an_argument", "b", "a"]), expect);
    assert_eq!(key(&["aa", "a", "b", "order", "a_long_name_of_an_argument"]), expect);
    assert_ne!(key(&["a", "b", "aa", "order"]), expect);
}

/// KEY-6: an argument map of 24 and more has a wider head.
#[test]
fn many_arguments_and_long_names_have_keys() {
    let names: Vec<String> = (0..300).map(|n| format!("argument_{n}")).collect();
    let forward: Vec<&str> = names.iter().map(String::as_str).collect();
    let backward: Vec<&str> = forward.iter().rev().copied().collect();
    assert_eq!(key(&forward), key(&backward));
    let long = "n".repeat(1_000);
    let space = idem_runtime::key::KeySpace::new(&long);
    let write = || {
        let mut writer = KeyWriter::new();
        writer.arg("a", "value").unwrap();
        writer
    };
    let preimage = write().preimage(&space, &task()).unwrap();
    let start = format!("87656964656d317903e8{}", hex(long.as_bytes()));
    assert!(hex(&preimage).starts_with(&start));
    assert!(hex(&preimage).ends_with("826461726773a161616576616c7565f6"));
}

/// Makes a key of its own while it is being serialised.
struct Reentrant;

impl Serialize for Reentrant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = key(&["inner", "x"]);
        inner.to_string().serialize(serializer)
    }
}

#[test]
fn a_value_may_make_a_key_while_it_is_written() {
    let text = key(&["inner", "x"]).to_string();
    let outer = |value: &dyn Fn(&mut KeyWriter)| {
        let mut writer = KeyWriter::new();
        writer.arg("a", "before").unwrap();
        value(&mut writer);
        writer.finish(&space(), &task()).unwrap()
    };
    let nested = outer(&|writer| writer.arg("v", &[Reentrant, Reentrant]).unwrap());
    assert_eq!(nested, outer(&|writer| writer.arg("v", &[&text, &text]).unwrap()));
}

struct Panics;

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("in Serialize")
    }
}

#[test]
fn a_panic_in_serialize_spoils_that_call_and_no_other() {
    let expect = key(&["a"]);
    let mut writer = KeyWriter::new();
    let write = || writer.arg("v", &[Some(Panics)]);
    catch_unwind(AssertUnwindSafe(write)).unwrap_err();
    let error = writer.arg("w", &1).unwrap_err();
    assert!(matches!(error, KeyError::Custom { .. }), "{error:?}");
    writer.finish(&space(), &task()).unwrap_err();
    let dropped = || KeyWriter::new().arg("v", &Panics);
    catch_unwind(dropped).unwrap_err();
    assert_eq!(key(&["a"]), expect);
}

#[test]
fn a_writer_may_be_kept_and_sent() {
    let mut writer = KeyWriter::new();
    writer.arg("a", &1).unwrap();
    assert_eq!(format!("{writer:?}"), "KeyWriter(..)", "no value shows");
    let meanwhile = key(&["b"]);
    let sent = std::thread::spawn(move || {
        writer.arg("aa", &2).unwrap();
        writer.finish(&space(), &task()).unwrap()
    });
    assert_eq!(sent.join().unwrap(), key(&["a", "aa"]));
    assert_eq!(meanwhile, key(&["b"]));
}

/// KEY-5: the order of calls is the order of values.
#[test]
fn several_scopes_are_one_of_joined_kinds() {
    let mut writer = KeyWriter::new();
    writer.arg("a", &1).unwrap();
    writer.scope("tenant", "acme").unwrap();
    writer.scope("user", &7).unwrap();
    let preimage = hex(&writer.preimage(&space(), &task()).unwrap());
    let scope = format!("826b{}826461636d6507", hex(b"tenant+user"));
    assert!(preimage.contains(&scope), "{preimage}");
}

/// KEY-6: a template and its values are one value.
#[test]
fn a_template_is_its_text_and_its_values() {
    let key = |values: (&str, &str)| {
        let mut writer = KeyWriter::new();
        writer.explicit(&("autoclose:{a}:{b}", values.0, values.1)).unwrap();
        writer.finish(&space(), &task()).unwrap()
    };
    assert_eq!(key(("x", "y")), key(("x", "y")));
    assert_ne!(key(("x:y", "z")), key(("x", "y:z")));
}
