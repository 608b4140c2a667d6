//! The writer: order, reuse, panics, threads.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::{Key, KeyError, KeyWriter, Place};
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

/// KEY-6: a template's text and its values, in the order of their places, are one value.
#[test]
fn a_template_is_its_text_and_its_values() {
    let written = |args: &[(&str, &str)]| {
        let mut writer = KeyWriter::new();
        args.iter().for_each(|(name, value)| writer.arg(name, value).unwrap());
        writer
    };
    let key = |args: &[(&str, &str)]| {
        let mut writer = written(args);
        writer.template("autoclose:{job}:{a}:{job}", &["job", "a", "job"]).unwrap();
        writer.preimage(&space(), &task()).unwrap()
    };
    let mut explicit = KeyWriter::new();
    explicit.explicit(&("autoclose:{job}:{a}:{job}", "x", "y", "x")).unwrap();
    let frozen = explicit.preimage(&space(), &task()).unwrap();
    assert_eq!(key(&[("a", "y"), ("job", "x")]), frozen);
    assert_eq!(key(&[("job", "x"), ("a", "y")]), frozen, "the order of arguments does not matter");
    assert_eq!(key(&[("job", "x"), ("a", "y"), ("b", "z")]), frozen, "what has no place is not in it");
    assert_ne!(key(&[("job", "x:y"), ("a", "z")]), key(&[("job", "x"), ("a", "y:z")]));

    let mut without = written(&[("a", "y")]);
    let refused = KeyError::ArgumentMissing { place: Place::Argument("job".into()) };
    assert_eq!(without.template("{job}", &["job"]), Err(refused.clone()));
    assert_eq!(without.finish(&space(), &task()), Err(refused), "a refusal stays");

    let large = "x".repeat(300_000);
    let too_large = written(&[("a", &large)]).template("{a}{a}{a}{a}", &["a"; 4]);
    assert!(matches!(too_large, Err(KeyError::TooLarge { .. })), "{too_large:?}");
}
