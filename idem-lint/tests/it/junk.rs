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
    assert!(unread.iter().all(|path| path.starts_with("idem-lint/tests/trees/")), "{unread:?}");
}

/// Each would overflow the stack of a parser that trusts its input.
#[test]
fn what_is_nested_without_end_is_told() {
    const N: usize = 100_000;
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
        nested("(", 3_900, "1", ")"),
        nested("!", 3_900, "1", ""),
        nested("[", 3_900, "1", "]"),
        nested("", 900, "a", ".b()"),
        nested("if a {} else ", 900, "{}", ""),
        nested("|a, b| ", 900, "1", ""),
        format!("async fn send(x: {}u8) {{}}", "&".repeat(3_900)),
        format!("async fn send(x: {}u8{}) {{}}", "(".repeat(3_900), ")".repeat(3_900)),
        format!("async fn send() {{ let {}a{} = 1; }}", "(".repeat(3_900), ")".repeat(3_900)),
    ] {
        let report = lint_all(&[("lib.rs", text.as_bytes())], &Config::empty().name("send"));
        assert_eq!((report.findings.len(), report.problems.len()), (1, 0), "{} {report}", &text[..60]);
    }
}
