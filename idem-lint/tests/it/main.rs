//! The library from outside: trees in, reports out.
#![allow(missing_docs, clippy::unwrap_used)]

mod config;
mod junk;
mod names;
mod outputs;
mod rules;
mod tree;

use std::path::Path;

use idem_lint::{Config, Report, check};

/// Checks a tree of these files.
fn lint_all(files: &[(&str, &[u8])], config: &Config) -> Report {
    let tree = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = tree.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    check(tree.path(), config).unwrap()
}

/// Checks a crate of one file.
fn lint(text: &str, config: &Config) -> Report {
    lint_all(&[("lib.rs", text.as_bytes())], config)
}

/// The findings, as `code module::function`.
fn found(report: &Report) -> Vec<String> {
    assert_eq!(report.problems, [], "{report}");
    let line =
        |finding: &idem_lint::Finding| format!("{} {}::{}", finding.rule().code(), finding.module, finding.function);
    report.findings.iter().map(line).collect()
}

fn trees() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees")
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
