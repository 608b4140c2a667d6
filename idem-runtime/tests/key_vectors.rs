//! The frozen vectors: preimage, digest and text of each key.
//!
//! `IDEM_KEY_VECTORS=FILE` runs another file in their place.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::{Key, KeySpace, KeyWriter, Secret, TaskIdent, TimeLabel, Unit};
use key_support::{Doc, hex, json, unhex};
use std::num::{NonZeroU32, NonZeroU64};

const FROZEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/key_vectors.json");

/// KEY-1 to KEY-20.
#[test]
fn every_vector_gives_its_preimage_digest_and_text() {
    let path = std::env::var("IDEM_KEY_VECTORS").unwrap_or(FROZEN.to_owned());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let vectors = json::parse(&text).items();
    let mut wrong = Vec::new();
    let mut ran = 0;
    for vector in &vectors {
        if vector.get("error").is_some() {
            continue; // Its input cannot be written in JSON; each has a test of its own.
        }
        ran += 1;
        if let Err(difference) = check(vector) {
            wrong.push(format!("{}: {difference}", text_of(vector, "id")));
        }
    }
    assert!(ran > 0, "{path} holds no vector to run");
    assert!(wrong.is_empty(), "{} of {ran}:\n{}", wrong.len(), wrong.join("\n"));
    println!("{ran} vectors of {path}");
}

fn check(vector: &Doc) -> Result<(), String> {
    let space = space(vector);
    let task = task(vector);
    let write = || writer(vector).map_err(|error| error.to_string());
    let preimage = write()?.preimage(&space, &task).map_err(|e| e.to_string())?;
    let key = write()?.finish(&space, &task).map_err(|e| e.to_string())?;
    same("preimage", &hex(&preimage), text_of(vector, "preimage"))?;
    same("digest", &hex(key.digest()), text_of(vector, "digest"))?;
    same("key", &key.to_string(), text_of(vector, "key"))?;
    let read: Key = key.to_string().parse().map_err(|e| format!("{e}"))?;
    same("key read again", &read.to_string(), text_of(vector, "key"))
}

fn same(what: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}\n  found    {found}\n  expected {expected}"))
}

fn field<'a>(vector: &'a Doc, name: &str) -> &'a Doc {
    vector.get(name).unwrap_or_else(|| panic!("a vector without `{name}`: {vector:?}"))
}

fn text_of<'a>(vector: &'a Doc, name: &str) -> &'a str {
    field(vector, name).as_text()
}

fn space(vector: &Doc) -> KeySpace {
    let namespace = text_of(vector, "ns");
    match field(vector, "mac") {
        Doc::Null => KeySpace::new(namespace),
        mac => {
            let mac = mac.clone().items();
            let secret = Secret::new(mac[0].as_text(), &unhex(mac[1].as_text())).unwrap();
            KeySpace::with_secret(namespace, secret)
        }
    }
}

fn task(vector: &Doc) -> TaskIdent {
    let name = text_of(vector, "task");
    let version: NonZeroU32 = field(vector, "version").as_int();
    match field(vector, "scope_plain") {
        Doc::Bool(true) => TaskIdent::with_plain_scope(name, version),
        Doc::Bool(false) => TaskIdent::new(name, version),
        other => panic!("scope_plain is {other:?}"),
    }
}

fn writer(vector: &Doc) -> Result<KeyWriter, idem_runtime::key::KeyError> {
    let mut writer = KeyWriter::new();
    if let Doc::Array(scope) = field(vector, "scope") {
        let value = json::resolve(scope[1].clone());
        let kinds: Vec<&str> = scope[0].as_text().split('+').collect();
        match kinds[..] {
            [kind] => writer.scope(kind, &value)?,
            _ => {
                let values = value.items();
                assert_eq!(kinds.len(), values.len(), "one value for each kind");
                for (kind, value) in kinds.iter().zip(&values) {
                    writer.scope(kind, value)?;
                }
            }
        }
    }
    let [kind, subject] = <[Doc; 2]>::try_from(field(vector, "subject").clone().items()).unwrap();
    match kind.as_text() {
        "args" => {
            for (name, value) in subject.entries() {
                writer.arg(name.as_text(), &json::resolve(value))?;
            }
        }
        "key" => writer.explicit(&json::resolve(subject))?,
        other => panic!("unknown subject {other}"),
    }
    if let Doc::Array(time) = field(vector, "time") {
        writer.time(time_label(time));
    }
    Ok(writer)
}

fn time_label(time: &[Doc]) -> TimeLabel {
    let unit = match time[0].as_text() {
        "window" => {
            let ms: NonZeroU64 = time[1].as_int();
            return TimeLabel::window_of(ms, time[2].as_int());
        }
        "hour" => Unit::Hour,
        "date" => Unit::Date,
        "week" => Unit::Week,
        "month" => Unit::Month,
        other => panic!("unknown unit {other}"),
    };
    TimeLabel::calendar(unit, time[1].as_text(), time[2].as_text()).unwrap()
}
