//! No input breaks the check.

use std::path::{Path, PathBuf};

use idem_lint::{Config, check};

use crate::{lint_all, workspace};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Also those that the compiler refuses, each alone, so that none hides behind another.
#[test]
fn every_source_of_this_repository_is_read() {
    let mut found = Vec::new();
    sources(workspace(), &mut found);
    assert!(found.len() > 200, "{}", found.len());
    let config = Config::default().name("*").include_tests();
    let whole = check(workspace(), &config).unwrap();
    assert!(whole.files + whole.problems.len() >= found.len(), "{} of {}", whole.files, found.len());
    let unread: Vec<&str> = whole.problems.iter().map(|one| one.path.as_str()).collect();
    assert!(unread.iter().all(|path| path.contains("tests/")), "what is compiled must be read: {unread:?}");
}

/// Each would overflow the stack of a parser that trusts its input.
#[test]
fn what_is_nested_without_end_is_told() {
    const N: usize = 40_000;
    let nested = |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(N), close.repeat(N));
    let inside = |expression: String| format!("async fn send() {{ let x = {expression}; }}");
    for text in [
        inside(nested("(", "1", ")")),
        inside(nested("!", "1", "")),
        inside(nested("!(", "1", ")")),
        inside(nested("", "a", " + a")),
        inside(nested("", "a", ".b()")),
        inside(nested("if a {} else ", "{}", "")),
        inside(nested("|a, b| ", "1", "")),
        inside(nested("match a { _ => ", "1", "}")),
        inside(nested("async {", "", "}")),
        inside(format!("w.build({})", nested("vec![", "send", "]"))),
        format!("async fn send(x: {}) {{}}", nested("&", "u8", "")),
        format!("async fn send(x: {}) {{}}", nested("V<u8, ", "u8", ">")),
        format!("#[cfg({})] async fn send() {{}}", nested("all(", "test", ")")),
        nested("mod a {", "", "}"),
        nested("fn f() {", "", "}"),
        nested("/*", "", "*/"),
        nested("(", "", ""),
    ] {
        let report = lint_all(
            &[("lib.rs", text.as_bytes()), ("good.rs", b"async fn send() {}")],
            &Config::default().name("send"),
        );
        assert!(!report.findings.is_empty(), "{}", &text[..60]);
    }
}

/// Just below the bound, the stack must suffice.
#[test]
fn what_is_nested_to_the_bound_is_read() {
    let nested = |open: &str, times: usize, middle: &str, close: &str| {
        String::from("async fn send() { w.build(") + &open.repeat(times) + middle + &close.repeat(times) + ") }"
    };
    for text in [
        nested("(", 7_900, "1", ")"),
        nested("!", 7_900, "1", ""),
        nested("[", 7_900, "1", "]"),
        nested("", 1_900, "a", ".b()"),
        nested("if a {} else ", 1_900, "{}", ""),
        nested("|a, b| ", 1_900, "1", ""),
        format!("async fn send(x: {}u8) {{}}", "&".repeat(7_900)),
        format!("async fn send(x: {}u8{}) {{}}", "(".repeat(7_900), ")".repeat(7_900)),
        format!("async fn send() {{ let {}a{} = 1; }}", "(".repeat(7_900), ")".repeat(7_900)),
    ] {
        let report = lint_all(&[("lib.rs", text.as_bytes())], &Config::empty().name("send"));
        assert_eq!((report.findings.len(), report.problems.len()), (1, 0), "{} {report}", &text[..60]);
    }
}

/// A small generator of its own: the same junk on every machine.
struct Junk(u64);

impl Junk {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

/// Sources with pieces lost, doubled and moved: most do not parse, some mean something else.
#[test]
fn damaged_sources_do_not_break_the_check() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    sources(&crate::trees(), &mut found);
    found.sort();
    let mut junk = Junk(0x1de6);
    let mut files = Vec::new();
    for (number, source) in found.iter().cycle().take(600).enumerate() {
        let mut words: Vec<&str> = Vec::new();
        let text = std::fs::read_to_string(source).unwrap();
        words.extend(text.split_inclusive([' ', '(', ')', '{', '}', '<', '>', ',', ':']));
        for _ in 0..=junk.below(3) {
            let (at, other) = (junk.below(words.len()), junk.below(words.len()));
            match junk.below(3) {
                0 => drop(words.remove(at)),
                1 => words.insert(at, words[other]),
                _ => words.swap(at, other),
            }
        }
        files.push((format!("m{number}.rs"), words.concat()));
    }
    let borrowed: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
    let report = lint_all(&borrowed, &Config::default().name("*"));
    // The trees hold async functions, and a good part of the damage leaves them readable.
    assert!(report.files > 100 && report.handlers > 20 && report.problems.len() > 100, "{report}");
    let _ = (report.to_json(), report.to_sarif());
}
