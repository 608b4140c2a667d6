//! Words that must not stand in the tree, and where they may.

use super::Finding;
use super::rust::{is_name, names};
use super::tree::{File, Tree, numbered};

/// The files that spell the words out in order to forbid them.
const OWN: &[&str] = &["xtask/src/tidy/words.rs", "xtask/src/tidy/tests.rs"];

/// What users run must not hold these.
const IN_PRODUCT: &[(&str, &str)] = &[
    ("todo!", "unfinished"),
    ("unimplemented!", "unfinished"),
    ("dbg!", "left over from debugging"),
    (".unwrap()", "return an error, or say in the type why there is a value"),
];

/// Directories of the machine it was written on.
const MACHINE: &[&str] = &["/work/", "/root/", "/home/"];

/// Endings of hosts that only one company's network knows.
const PRIVATE: &[&str] = &[".internal", ".corp", ".lan", ".intranet"];

/// The only place packages come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Where the promise that nobody can keep may be discussed.
const MAY_SAY_ONCE: &[&str] = &["docs/decisions/", "docs/glossary.md"];

const SLEEPS: &[&str] = &["sleep", "sleep_until", "sleep_ms"];
const ALLOW_SLEEP: &str = "// tidy: allow sleep: ";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree.files.iter().filter(|file| !OWN.contains(&file.path.as_str()));
    files.flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line, says| findings.push(Finding { path: file.path.clone(), line, rule: "words", says });
    for (line, code) in file.product_lines() {
        for (word, says) in IN_PRODUCT.iter().filter(|(word, _)| holds(code, word)) {
            find(line, format!("`{word}`: {says}"));
        }
    }
    for (line, code) in numbered(&file.code) {
        if code.contains("#[ignore") {
            find(line, "an ignored test proves nothing: put it right or remove it".into());
        }
    }
    for (line, text) in numbered(&file.text) {
        if let Some(path) = MACHINE.iter().find(|path| names_directory(text, path)) {
            find(line, format!("`{path}` is a path of one machine"));
        }
        if let Some(end) = PRIVATE.iter().find(|end| names_host(text, end)) {
            find(line, format!("a host that ends with `{end}` is known in one network only"));
        }
        if text.starts_with("source = ") && file.path.ends_with("Cargo.lock") && !text.contains(REGISTRY) {
            find(line, format!("a package from elsewhere than crates.io: {text}"));
        }
        if promises_once(file, text) {
            find(line, "nobody can promise this: say \"effectively once\", and where that holds".into());
        }
    }
    for line in sleeps(file) {
        find(
            line,
            format!("a test that sleeps is slow or flaky: wait for what it waits for, or say why: `{ALLOW_SLEEP}…`"),
        );
    }
    findings
}

/// The word, not the end of a longer one.
fn holds(code: &str, word: &str) -> bool {
    let begins = |at: usize| !word.starts_with(is_name) || !code[..at].ends_with(is_name);
    code.match_indices(word).any(|(at, _)| begins(at))
}

/// An absolute path into this directory; not part of an address or of a longer path.
fn names_directory(text: &str, directory: &str) -> bool {
    text.match_indices(directory).any(|(at, _)| {
        let inside = text[at + directory.len()..].starts_with(is_name);
        let before = text[..at].chars().next_back();
        inside && before.is_none_or(|letter| !is_name(letter) && !matches!(letter, '.' | '-' | '/' | '}' | '*'))
    })
}

fn names_host(text: &str, end: &str) -> bool {
    text.match_indices("://").any(|(at, mark)| {
        let host =
            text[at + mark.len()..].split(|letter: char| !is_name(letter) && !matches!(letter, '.' | '-')).next();
        host.is_some_and(|host| host.ends_with(end))
    })
}

fn promises_once(file: &File, text: &str) -> bool {
    let looked_at = (file.path.ends_with(".md") || file.is_rust())
        && !MAY_SAY_ONCE.iter().any(|place| file.path.starts_with(place));
    looked_at && text.to_ascii_lowercase().contains("exactly once")
}

/// Lines on which a test sleeps without saying why.
fn sleeps(file: &File) -> Vec<usize> {
    if !file.path.split('/').any(|part| part == "tests") {
        return Vec::new();
    }
    let text: Vec<&str> = file.text.lines().collect();
    let allowed = |line: usize| {
        let marked = |index: usize| text.get(index).and_then(|line| line.split_once(ALLOW_SLEEP));
        let reason = marked(line - 1).or_else(|| line.checked_sub(2).and_then(marked));
        reason.is_some_and(|(_, reason)| !reason.trim().is_empty())
    };
    let called =
        |code: &str| names(code).any(|(at, name)| SLEEPS.contains(&name) && code[at + name.len()..].starts_with('('));
    numbered(&file.code).filter(|(line, code)| called(code) && !allowed(*line)).map(|(line, _)| line).collect()
}
