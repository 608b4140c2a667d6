//! No input makes the macro panic, and what comes out can be read again.

use std::fmt::Write;

use super::{HANDLER, expand};

const ATTRIBUTES: &[&str] = &["idempotent", "idempotent_once", "idempotent_daily", "not_idempotent", "strict"];

const WORDS: &[&str] = &[
    "ttl",
    "key",
    "skip",
    "scope",
    "name",
    "version",
    "tz",
    "date_based",
    "bucket",
    "strict",
    "wait",
    "crate",
    "error",
    "reason",
    "associated",
    "on_in_progress",
    "result",
    "max_result",
    "user",
    "self",
    "Self",
    "async",
    "fn",
    "r#type",
    "impl",
    "mut",
    "const",
    "unsafe",
    "extern",
    "dyn",
    "'a",
    "where",
    "for",
    "_",
    "=",
    ",",
    ".",
    ":",
    "::",
    ";",
    "->",
    "&",
    "<",
    ">",
    "|",
    "!",
    "#",
    "?",
    "...",
    "..",
    "+",
    "@",
    "0",
    "1.0",
    "1.5e3",
    "24h",
    "\"24h\"",
    "\"0s\"",
    "\"18446744073709551615s 500ms 500ms\"",
    "\"\"",
    "\"user\"",
    "\"Europe/Berlin\"",
    "\"\u{1F980}\"",
    "\"x\"suffix",
    "b\"x\"",
    "c\"x\"",
    "'x'",
    "99999999999999999999",
    "u64",
    "Result",
    "HashSet",
];

/// A small generator of its own: the same junk on every machine.
struct Junk(u64);

impl Junk {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }

    fn text(&mut self, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.below(9) {
            if depth > 0 && self.below(4) == 0 {
                let (open, close) = [("(", ")"), ("[", "]"), ("{", "}")][self.below(3)];
                let inner = self.text(depth - 1);
                write!(text, "{open}{inner}{close} ").unwrap();
            } else {
                write!(text, "{} ", WORDS[self.below(WORDS.len())]).unwrap();
            }
        }
        text
    }
}

fn survives(attribute: &str, args: &str, item: &str) {
    let readable = |text: &str| text.parse::<proc_macro2::TokenStream>().is_ok();
    if readable(args) && readable(item) {
        let out = expand(attribute, args, item).to_string();
        assert!(readable(&out), "#[{attribute}({args})] {item}\n{out}");
    }
}

#[test]
fn junk_options_do_not_panic() {
    let mut junk = Junk(0x1de3);
    for i in 0..3_000 {
        survives(ATTRIBUTES[i % ATTRIBUTES.len()], &junk.text(3), HANDLER);
    }
}

#[test]
fn junk_after_a_known_option_does_not_panic() {
    let mut junk = Junk(0x1de4);
    for i in 0..3_000 {
        let (option, rest) = (WORDS[i % 18], junk.text(2));
        survives("idempotent", &format!("{option} {rest}"), HANDLER);
        survives("idempotent", &format!("{option} = {rest}, {option}({rest})"), HANDLER);
    }
}

#[test]
fn junk_items_do_not_panic() {
    let mut junk = Junk(0x1de5);
    for i in 0..3_000 {
        let attribute = ATTRIBUTES[i % ATTRIBUTES.len()];
        let (a, b, c) = (junk.text(2), junk.text(2), junk.text(2));
        survives(attribute, "", &a);
        survives(attribute, "", &format!("#[strict] pub async fn f<{a}>({b}) -> {c} {{ {a} }}"));
        survives(attribute, "", &format!("async fn f(#[idem({a})] x: u64, y: {b}) -> Result<{c}, E> {{ }}"));
    }
}
