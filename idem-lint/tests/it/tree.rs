//! Which files are read, and which modules they are.

use idem_lint::{Config, Error, ProblemKind, check};

use crate::{found, lint_all, trees};

fn names() -> Config {
    Config::empty().name("send")
}

fn modules(files: &[(&str, &str)]) -> Vec<String> {
    let bytes: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    found(&lint_all(&bytes, &names())).iter().map(|line| line.replace("IDEM105 ", "")).collect()
}

const SEND: &str = "async fn send() {}";

#[test]
fn modules_are_followed_as_the_compiler_does() {
    let lib = "mod a; mod b; mod inline { mod deep; } #[path = \"odd/place.rs\"] mod c; #[path = \"other\"] mod d { mod e; } mod r#type;";
    let files = [
        ("src/lib.rs", lib),
        ("src/a.rs", "mod below;"),
        ("src/a/below.rs", SEND),
        ("src/b/mod.rs", "mod beside;"),
        ("src/b/beside.rs", SEND),
        ("src/inline/deep.rs", SEND),
        ("src/odd/place.rs", "mod next;"),
        ("src/odd/next.rs", SEND),
        ("src/other/e.rs", SEND),
        ("src/type.rs", SEND),
    ];
    let expected = ["a::below", "b::beside", "inline::deep", "c::next", "d::e", "type"];
    assert_eq!(modules(&files), expected.map(|module| format!("crate::{module}::send")));
}

#[test]
fn every_file_that_a_condition_may_choose_is_read() {
    let lib = "#[cfg_attr(unix, path = \"x.rs\")] #[cfg_attr(windows, path = \"y.rs\")] mod os;";
    let files = [("lib.rs", lib), ("x.rs", SEND), ("y.rs", SEND)];
    assert_eq!(modules(&files), ["crate::os::send", "crate::os::send"]);
}

#[test]
fn a_file_that_no_crate_leads_to_is_the_module_of_its_place() {
    assert_eq!(
        modules(&[("mail/jobs.rs", SEND), ("mail/mod.rs", SEND)]),
        ["crate::mail::jobs::send", "crate::mail::send"]
    );
}

#[test]
fn a_stray_file_that_declares_modules_is_a_root() {
    assert_eq!(modules(&[("a.rs", SEND), ("z.rs", "mod a;")]), ["crate::a::send"]);
    let files = [("jobs/mod.rs", "mod mailer;"), ("jobs/mailer.rs", SEND)];
    assert_eq!(modules(&files), ["crate::jobs::mailer::send"]);
}

#[test]
fn a_manifest_says_where_roots_are() {
    let manifest =
        "[package]\nname = \"x\"\n[lib]\npath = \"code/all.rs\"\n[[bin]]\nname = \"y\"\npath = \"code/run.rs\"\n";
    let files = [("Cargo.toml", manifest), ("code/all.rs", "mod a;"), ("code/a.rs", SEND), ("code/run.rs", SEND)];
    assert_eq!(modules(&files), ["crate::a::send", "crate::send"]);
}

#[test]
fn tests_of_a_package_are_left_out_with_their_modules() {
    let files: [(&str, &[u8]); 6] = [
        ("Cargo.toml", b"[package]\nname = \"x\"\n"),
        ("src/lib.rs", b"#[cfg(test)] mod tests; mod both; #[cfg(test)] #[path = \"both.rs\"] mod again;"),
        ("src/tests.rs", b"mod deep; async fn send() {}"),
        ("src/tests/deep.rs", SEND.as_bytes()),
        ("src/both.rs", SEND.as_bytes()),
        ("tests/it.rs", SEND.as_bytes()),
    ];
    assert_eq!(found(&lint_all(&files, &names())), ["IDEM105 crate::both::send"]);
    assert_eq!(lint_all(&files, &names().include_tests()).findings.len(), 4);
}

#[test]
fn what_git_ignores_what_is_hidden_and_target_are_not_read() {
    let files =
        [(".gitignore", "/out\n"), ("a.rs", SEND), ("out/b.rs", SEND), (".hidden/c.rs", SEND), ("x/target/d.rs", SEND)];
    assert_eq!(modules(&files), ["crate::a::send"]);
}

#[test]
fn a_file_that_is_declared_twice_is_read_once_and_a_circle_ends() {
    assert_eq!(
        modules(&[("lib.rs", "mod a; #[path = \"a.rs\"] mod b; #[path = \"lib.rs\"] mod c;"), ("a.rs", SEND)]),
        ["crate::a::send"]
    );
}

#[test]
fn a_crates_root_can_be_checked_alone() {
    let report = check(trees().join("app/src/main.rs"), &Config::default()).unwrap();
    assert_eq!((report.files, found(&report)), (1, vec![]));
}

#[test]
fn what_cannot_be_checked_is_a_problem_and_the_rest_goes_on() {
    let deep = format!("fn f() {{ {}1{} }}", "(".repeat(100_000), ")".repeat(100_000));
    let files: [(&str, &[u8]); 8] = [
        ("ended.rs", b"fn f() {}\n\nfn g()\n"),
        ("broken.rs", b"fn f() {}\nfn ( {}\n"),
        ("open.rs", b"fn f( {\n"),
        ("latin.rs", b"fn f() {}\n// caf\xe9\n"),
        ("deep.rs", deep.as_bytes()),
        ("bad/Cargo.toml", b"[package\n"),
        ("lib.rs", b"mod absent;\n#[cfg(windows)] mod windows;\nmod jobs;\n"),
        ("jobs.rs", SEND.as_bytes()),
    ];
    let report = lint_all(&files, &names());
    assert_eq!(report.findings.len(), 1, "{report}");
    assert!(!report.is_clean());
    let told: Vec<_> = report.problems.iter().map(|one| (one.path.as_str(), one.line, one.kind)).collect();
    assert_eq!(
        told,
        [
            ("bad/Cargo.toml", None, ProblemKind::Unreadable),
            ("broken.rs", Some(2), ProblemKind::Syntax),
            ("deep.rs", Some(1), ProblemKind::TooDeep),
            ("ended.rs", Some(3), ProblemKind::Syntax),
            ("latin.rs", Some(2), ProblemKind::Unreadable),
            ("lib.rs", Some(1), ProblemKind::ModuleWithoutFile),
            ("open.rs", Some(1), ProblemKind::Syntax),
        ]
    );
}

#[test]
fn where_there_is_nothing_to_check_it_is_an_error() {
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(check(empty.path(), &names()), Err(Error::Nothing { .. })));
    assert!(matches!(check(empty.path().join("absent"), &names()), Err(Error::Start { .. })));
}

#[test]
fn a_mark_of_byte_order_and_a_first_line_for_the_shell_are_no_code() {
    for start in ["\u{feff}", "#!/usr/bin/env run-cargo-script\n", "\u{feff}#!/bin/sh\n", "#![allow(dead_code)]\n"] {
        let text = format!("{start}{SEND}");
        let report = crate::lint(&text, &names());
        assert_eq!(report.findings[0].region.line, 1 + start.matches('\n').count(), "{start:?}");
    }
}
