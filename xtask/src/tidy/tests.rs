//! Each rule can fail, and this tree passes.

use super::tree::{File, Tree};
use super::{Finding, layers, lib_files, lock, places, rust, sizes, words};

fn tree(files: &[(&str, &str)]) -> Tree {
    let files = files.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect();
    Tree { files, lock_is_tracked: true }
}

/// One file against one rule: the lines that it finds.
fn lines(rule: fn(&Tree) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    rule(&tree(&[(path, text)])).iter().map(|finding| finding.line).collect()
}

#[test]
fn this_tree_is_tidy() {
    assert_eq!(super::run(), Ok(()));
}

/// A table of our own, so that moving a module of the runtime does not touch these tests.
const LAYERS: &[&[&str]] =
    &[&["error", "clock"], &["key"], &["record", "claim"], &["store"], &["codec"], &["lease"], &["run"]];

fn by_layers(tree: &Tree) -> Vec<Finding> {
    layers::against(tree, LAYERS)
}

#[test]
fn nothing_imports_upward() {
    let check = |path: &str, text: &str| lines(by_layers, &format!("idem-runtime/src/{path}"), text);
    // Down and sideways is fine; up is not, however it is spelled.
    assert_eq!(check("run.rs", "use crate::key::Key;\nuse crate::{codec, store::Store};\n"), [0; 0]);
    assert_eq!(check("record.rs", "use crate::claim::Claim;\n"), [0; 0]);
    assert_eq!(check("store/mod.rs", "use crate::run::run;\n"), [1]);
    assert_eq!(check("key/mod.rs", "\nfn f(s: &dyn crate::store::Store) {}\n"), [2]);
    assert_eq!(check("key/mod.rs", "use crate::{\n    error::{Error, X},\n    store::{A, run},\n};\n"), [3]);
    assert_eq!(check("clock.rs", "use super::store;\n"), [1]);
    assert_eq!(check("key/text.rs", "use super::super::store::Store;\nuse super::digest;\n"), [1]);
    assert_eq!(check("key/mod.rs", "pub(crate) fn f() { $crate::run::x() }\n"), [1]);
    // A comment, a string and a test are no imports.
    assert_eq!(check("key/mod.rs", "// crate::run\n/// [`crate::run`]\nconst A: &str = \"crate::run\";\n"), [0; 0]);
    assert_eq!(check("key/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::run::run;\n}\n"), [0; 0]);
    assert_eq!(check("key/tests.rs", "use crate::run::run;\n"), [0; 0]);
    // Some edges are refused in any order.
    let upside_down: &[&[&str]] = &[&["run"], &["store"], &["key"]];
    for (path, text) in [("store.rs", "use crate::run;"), ("key.rs", "use crate::store;")] {
        let file = (&*format!("idem-runtime/src/{path}"), text);
        assert_eq!(layers::against(&tree(&[file]), upside_down).len(), 1, "{path}");
    }
    // What has no layer is asked for one.
    assert_eq!(check("misc.rs", "fn f() {}\n"), [1]);
    assert_eq!(check("key/mod.rs", "use crate::misc;\n"), [1]);
}

#[test]
fn a_name_at_the_root_is_as_high_as_its_module() {
    let lib = (
        "idem-runtime/src/lib.rs",
        "pub use error::Error;\npub use self::run::{Call, call as begin, key};\npub mod key;\n",
    );
    let high = ("idem-runtime/src/run/mac.rs", "#[macro_export]\nmacro_rules! high { () => {} }\n");
    let check = |text| by_layers(&tree(&[lib, high, ("idem-runtime/src/lease/mod.rs", text)])).len();
    assert_eq!(check("use crate::Error;\n"), 0);
    assert_eq!(check("use crate::Call;\n"), 1);
    assert_eq!(check("use crate::begin;\n"), 1);
    assert_eq!(check("crate::high!();\n"), 1);
    assert_eq!(check("use crate::key;\n"), 0, "the module, though a function has the same name");
}

#[test]
fn names_stay_in_their_place() {
    let check = |path: &str, text: &str| lines(places::check, path, text);
    for (path, text) in [
        ("idem-runtime/src/run.rs", "use crate::store::{Store, SqliteStore};"),
        ("src/prelude.rs", "pub use idem_runtime::MemoryStore;"),
        ("idem-runtime/src/store/memory.rs", "let now = std::time::Instant::now();"),
        ("idem-runtime/src/lease.rs", "let now = jiff::Timestamp::now();"),
        ("idem-runtime/src/gate.rs", "use tokio::sync::Notify;"),
        ("idem-runtime/src/lease/keeper.rs", "use std::sync::atomic::{AtomicBool, Ordering};"),
        ("idem-macros/src/expand/call.rs", "use syn::{Attribute, Ident};"),
        ("idem-macros/src/expand.rs", "fn f(a: &[syn::Attribute]) {}"),
    ] {
        assert_eq!(check(path, text), [1], "{path}: {text}");
    }
    for (path, text) in [
        ("idem-runtime/src/store/memory.rs", "pub struct MemoryStore;"),
        ("idem-runtime/src/lib.rs", "pub use store::MemoryStore;"),
        ("src/lib.rs", "pub use idem_runtime::MemoryStore;"),
        ("tests/it/main.rs", "let store = MemoryStore::new();"),
        ("idem-runtime/src/run.rs", "// not MemoryStore\n#[cfg(test)]\nmod tests { use crate::store::MemoryStore; }"),
        ("idem-runtime/src/gate.rs", "use std::sync::Arc;\nuse crate::sync::atomic::AtomicBool;"),
        ("idem-runtime/src/lease/thread.rs", "tokio::runtime::Builder::new_current_thread()"),
        ("idem-runtime/src/clock.rs", "std::time::Instant::now()"),
        ("idem-runtime/src/run.rs", "clock.now(); MyInstant::now();"),
        ("idem-macros/src/validate/mod.rs", "use syn::Attribute;"),
    ] {
        assert_eq!(check(path, text), [0; 0], "{path}: {text}");
    }
}

#[test]
fn a_long_file_needs_a_reason_and_a_reason_needs_a_long_file() {
    let (long, short) = ("\n".repeat(351), "\n".repeat(350));
    let check =
        |path: &str, text: &str, allowed: &[(&str, &str)]| sizes::against(&tree(&[(path, text)]), allowed).len();
    assert_eq!(check("src/a.rs", &long, &[]), 1);
    assert_eq!(check("src/a.rs", &short, &[]), 0);
    assert_eq!(check("src/a.rs", &long, &[("src/a.rs", "a table")]), 0);
    assert_eq!(check("src/a.rs", &short, &[("src/a.rs", "a table")]), 1);
    assert_eq!(check("src/a.rs", &short, &[("src/gone.rs", "a table")]), 1);
    for path in ["tests/it/a.rs", "benches/a.rs", "examples/a.rs", "idem-runtime/src/key/tests.rs", "README.md"] {
        assert_eq!(check(path, &long, &[]), 0, "{path}");
    }
}

#[test]
fn forbidden_words_are_found_where_they_are_forbidden() {
    let check = |path: &str, text: &str| lines(words::check, path, text);
    for (path, text) in [
        ("src/a.rs", "fn f() { todo!() }"),
        ("src/a.rs", "fn f() { unimplemented!(\"x\") }"),
        ("src/a.rs", "let a = dbg!(b);"),
        ("src/a.rs", "let a = b.unwrap();"),
        ("tests/it/a.rs", "#[ignore = \"slow\"]"),
        ("src/a.rs", "const A: &str = \"/work/main\";"),
        ("README.md", "Go to `/root/project`."),
        ("docs/a.md", "cd /home/ann/idem"),
        ("README.md", "Runs Exactly once."),
        ("src/a.rs", "//! It runs exactly once."),
        ("Cargo.lock", "source = \"registry+https://crates.example.com/index\""),
        ("deny.toml", "allow = [\"https://crates.shop.internal/index\"]"),
        ("tests/it/a.rs", "std::thread::sleep(pause);"),
        ("tests/it/a.rs", "tokio::time::sleep(pause).await;"),
        ("idem-runtime/tests/a.rs", "use tokio::time::sleep; async fn f() { sleep(pause).await }"),
        ("tests/it/a.rs", "sleep(pause); // tidy: allow sleep: "),
    ] {
        assert_eq!(check(path, text), [1], "{path}: {text}");
    }
}

#[test]
fn the_same_words_elsewhere_are_left_alone() {
    let check = |path: &str, text: &str| lines(words::check, path, text);
    for (path, text) in [
        ("src/a.rs", "// todo!() and .unwrap()"),
        ("src/a.rs", "const A: &str = \"todo!\";"),
        ("src/a.rs", "let a = b.unwrap_or(1); my_todo!();"),
        ("src/a.rs", "fn f() {}\n#[cfg(test)]\nmod tests { fn f() { a.unwrap(); } }"),
        ("tests/it/a.rs", "let a = b.unwrap();"),
        ("README.md", "https://example.com/work/a, ./root/b, C:/home/"),
        ("docs/decisions/0001-x.md", "exactly once"),
        ("docs/glossary.md", "exactly once"),
        ("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\""),
        ("src/a.rs", "tokio::time::sleep(pause).await;"),
        ("tests/it/a.rs", "tokio::time::sleep(pause).await; // tidy: allow sleep: the pause is the fault"),
        ("tests/it/a.rs", "// tidy: allow sleep: the pause is the fault\ntokio::time::sleep(pause).await;"),
        ("tests/it/a.rs", "// sleep(pause)\nclock.sleep_until_due;"),
    ] {
        assert_eq!(check(path, text), [0; 0], "{path}: {text}");
    }
}

#[test]
fn a_lib_file_is_a_table_of_contents() {
    let check = |text: &str| lines(lib_files::check, "idem-macros/src/lib.rs", text);
    assert_eq!(check("//! Docs.\n//! ```\n//! fn f() {}\n//! ```\npub mod a;\npub use a::{B, c};\n"), [0; 0]);
    assert_eq!(check("mod a;\npub fn f() {}\n"), [2]);
    assert_eq!(check("pub struct A;\nimpl A {}\n"), [1, 2]);
    let entry = |body: &str| format!("#[proc_macro_attribute]\npub fn once(a: T, b: T) -> T {{\n    {body}\n}}\n");
    assert_eq!(check(&entry("pipeline::once(a.into(), b.into()).into()")), [0; 0]);
    assert_eq!(check(&entry("let c = 1; pipeline::once(a, b)")), [2]);
}

#[test]
fn the_lock_file_is_tracked() {
    assert_eq!(lock::check(&Tree { files: Vec::new(), lock_is_tracked: false }).len(), 1);
    assert_eq!(lock::check(&Tree { files: Vec::new(), lock_is_tracked: true }).len(), 0);
}

#[test]
fn comments_and_strings_are_no_code() {
    for (text, left) in [
        ("a // b\nc", "a c"),
        ("a /* b /* c\n */ d */ e", "a e"),
        (r#"f("a\"b", 'x', '\'', '\u{1F600}', b'x') g"#, "f( , , , , ) g"),
        (r##"r#"a"b"# r#type br"\" x"##, "r#type x"),
        ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
        ("for\"a\\\\\"b", "for b"),
        ("\"é\" /* é */ a", "a"),
        ("\"never closed", ""),
        ("/* never closed", ""),
    ] {
        let code = rust::code(text);
        assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), left, "{text}");
        let lines = |text: &str| text.lines().map(|line| line.chars().count()).collect::<Vec<_>>();
        assert_eq!(lines(&code), lines(text), "{text}: lines and columns stay");
    }
}
