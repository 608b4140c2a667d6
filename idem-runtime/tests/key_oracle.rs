//! Random calls, judged by an independent implementation in Python and by a decoder.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::{Bucket, KeyError, KeySpace, KeyWriter, Secret, TaskIdent, TimeLabel, Unit};
use jiff::Timestamp;
use key_support::random::Chance;
use key_support::{Doc, cbor, encoded, hex, json, preimage};
use std::io::Write;
use std::num::{NonZeroU32, NonZeroU64};
use std::process::{Command, Stdio};

const ORACLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/key_oracle.py");
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/key_vectors.json");

/// Runs the oracle on `input`, and answers whether it agrees and what it says.
fn run(argument: &str, input: &str) -> (bool, String) {
    let mut child = Command::new("python3")
        .args([ORACLE, argument])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("these tests need `python3` on the PATH: it runs the second implementation");
    // It answers at the end, so it reads all without waiting for us.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn oracle(argument: &str, input: &str) -> String {
    let (agrees, said) = run(argument, input);
    assert!(agrees, "the oracle disagrees:\n{said}");
    said
}

/// A judge that never says no proves nothing.
#[test]
fn the_oracle_disagrees_where_a_vector_is_wrong() {
    let good = call(&mut Chance(3), 0);
    assert!(run("-", &good).0);
    let digest = good.find("digest").unwrap() + 10;
    let mut wrong = good.clone();
    let other = if &good[digest..=digest] == "0" { "1" } else { "0" };
    wrong.replace_range(digest..=digest, other);
    let (agrees, said) = run("-", &wrong);
    assert!(!agrees && said.contains("random-0: digest"), "{said}");
    let unknown = good.replace(r#""subject":["#, r#""subject":[{"$other":1},"#);
    assert!(run("-", &unknown).1.contains("unknown special spelling"));
    assert!(!run("-", "").0, "nothing ran");
}

/// KEY-1 to KEY-24.
#[test]
fn the_oracle_agrees_on_the_frozen_vectors() {
    println!("{}", oracle(VECTORS, ""));
}

/// KEY-27, KEY-28.
#[test]
fn the_oracle_agrees_on_the_frozen_fingerprint() {
    let frozen = include_str!("golden/fingerprint.hex");
    assert_eq!(oracle("fingerprint", ""), frozen);
}

/// KEY-1 to KEY-24.
#[test]
fn the_oracle_agrees_on_random_calls() {
    let mut chance = Chance(2026);
    let calls: Vec<String> = (0..4_000).map(|n| call(&mut chance, n)).collect();
    let said = oracle("-", &calls.join("\n"));
    assert!(said.contains("4000 vectors checked"), "{said}");
    println!("{said}");
}

/// A random call as a vector; the next one where it has no key.
fn call(chance: &mut Chance, n: usize) -> String {
    loop {
        match attempt(chance, n) {
            Ok(vector) => return vector,
            Err(KeyError::DuplicateKey { .. } | KeyError::ScopeMissing { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

fn attempt(chance: &mut Chance, n: usize) -> Result<String, KeyError> {
    let namespace = chance.text();
    let name = chance.text();
    let version = NonZeroU32::new(chance.below(1 << 20) as u32 + 1).unwrap();
    let plain = chance.below(3) == 0;
    let task = match plain {
        true => TaskIdent::with_plain_scope(&name, version),
        false => TaskIdent::new(&name, version),
    };
    let (space, mac) = space(chance, &namespace);
    let mut same = chance.clone();
    let (mut writer, mut again) = (KeyWriter::new(), KeyWriter::new());
    let [scope, subject, time] = parts(chance, &mut writer)?;
    parts(&mut same, &mut again)?;
    let preimage = writer.preimage(&space, &task)?;
    let key = again.finish(&space, &task)?;
    let text = |text: &str| serde_json::to_string(text).unwrap();
    Ok(format!(
        r#"{{"id":"random-{n}","ns":{},"task":{},"version":{version},"mac":{mac},"scope":{scope},"scope_plain":{plain},"subject":{subject},"time":{time},"preimage":"{}","digest":"{}","key":{}}}"#,
        text(&namespace),
        text(&name),
        hex(&preimage),
        hex(key.digest()),
        text(&key.to_string()),
    ))
}

/// Writes a call's parts, and answers how a vector spells them.
fn parts(chance: &mut Chance, writer: &mut KeyWriter) -> Result<[String; 3], KeyError> {
    let scope = scope(chance, writer)?;
    let subject = subject(chance, writer)?;
    Ok([scope, subject, time(chance, writer)])
}

fn space(chance: &mut Chance, namespace: &str) -> (KeySpace, String) {
    if chance.below(4) != 0 {
        return (KeySpace::new(namespace), "null".to_owned());
    }
    let id = chance.text();
    let len = 32 + chance.below(64) as usize;
    let bytes: Vec<u8> = (0..len).map(|_| chance.next() as u8).collect();
    let secret = Secret::new(&id, &bytes).unwrap();
    let id = json::render(&Doc::Text(id));
    let mac = format!(r#"[{id},"{}"]"#, hex(&bytes));
    (KeySpace::with_secret(namespace, secret), mac)
}

fn scope(chance: &mut Chance, writer: &mut KeyWriter) -> Result<String, KeyError> {
    let value = |chance: &mut Chance| match chance.below(4) {
        0 => chance.doc(2),
        1 => Doc::Text(chance.text()),
        _ => Doc::int(chance.integer()),
    };
    let kinds = match chance.below(4) {
        0 | 1 => return Ok("null".to_owned()),
        2 => vec![chance.text() + "k"],
        _ => ["tenant", "user", "-", "a:b"][..1 + chance.below(4) as usize].iter().map(ToString::to_string).collect(),
    };
    let mut values = Vec::new();
    for kind in &kinds {
        let value = value(chance);
        writer.scope(kind, &value)?;
        values.push(value);
    }
    let value = match &values[..] {
        [value] => json::render(value),
        _ => json::render(&Doc::Array(values)),
    };
    let kind = json::render(&Doc::Text(kinds.join("+")));
    Ok(format!("[{kind},{value}]"))
}

fn subject(chance: &mut Chance, writer: &mut KeyWriter) -> Result<String, KeyError> {
    if chance.below(5) == 0 {
        let key = chance.doc(3);
        writer.explicit(&key)?;
        return Ok(format!(r#"["key",{}]"#, json::render(&key)));
    }
    let mut args = Vec::new();
    for _ in 0..chance.below(30) {
        let (name, value) = (chance.text(), chance.doc(4));
        if args.iter().any(|(known, _)| *known == name) {
            continue;
        }
        writer.arg(&name, &value)?;
        args.push((name, value));
    }
    let arg = |(name, value): &(String, Doc)| format!("{}:{}", json::render(&Doc::text(name)), json::render(value));
    let args: Vec<String> = args.iter().map(arg).collect();
    Ok(format!(r#"["args",{{{}}}]"#, args.join(",")))
}

fn time(chance: &mut Chance, writer: &mut KeyWriter) -> String {
    let at = Timestamp::from_second(chance.below(1 << 33) as i64 - (1 << 32)).unwrap();
    let unit = match chance.below(6) {
        0 => Unit::Hour,
        1 => Unit::Date,
        2 => Unit::Week,
        3 => Unit::Month,
        4 => {
            let ms = NonZeroU64::new(chance.below(100_000) + 1).unwrap();
            let index = at.as_millisecond().div_euclid(ms.get() as i64);
            writer.time(TimeLabel::window(ms, at));
            return format!(r#"["window",{ms},{index}]"#);
        }
        _ => return "null".to_owned(),
    };
    let zone = chance.pick(&["UTC", "Europe/Oslo", "America/St_Johns", "Asia/Kathmandu"]);
    let label = Bucket::new(unit, zone).unwrap().label(at);
    writer.time(label);
    format!(r#"["{}","{zone}","{label}"]"#, unit.name())
}

/// KEY-8 to KEY-16: a strict decoder gives back what the document means, so documents that mean
/// something else have other bytes; and the bytes are those of a second, plain encoder.
#[test]
fn what_is_encoded_can_be_decoded() {
    idem_test_servers::give_way();
    let mut chance = Chance(7);
    let mut ran = 0;
    while ran < 5_000 {
        let doc = chance.doc(5);
        let Ok(bytes) = encoded(&doc) else {
            continue; // Two names or elements alike.
        };
        ran += 1;
        let meaning = cbor::meaning(&doc);
        assert_eq!(cbor::decode(&bytes), meaning, "{doc:?}");
        assert_eq!(hex(&cbor::encode(&meaning)), hex(&bytes), "{doc:?}");
    }
}

/// KEY-2: a whole preimage is seven items.
#[test]
fn a_preimage_is_an_array_of_seven() {
    let mut chance = Chance(11);
    for _ in 0..500 {
        let Ok(bytes) = preimage(&chance.doc(4)) else {
            continue;
        };
        let cbor::Meaning::Array(items) = cbor::decode(&bytes) else {
            panic!("no array");
        };
        assert_eq!(items.len(), 7);
    }
}
