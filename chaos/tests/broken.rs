//! A checker that cannot fail is worthless: workers that are wrong on purpose are found out by real runs.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

/// Runs workers that are wrong in this way, and gives the rules that the verdict says are broken.
fn broken(how: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("verdict.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_idem-chaos"));
    command.args(["run", "--store", "sqlite", "--seconds", "5", "--kills", "10", "--pauses", "1", "--broken", how]);
    // A run whose deliveries never end is given up by the program itself.
    let output = command.arg("--json").arg(&json).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("BROKEN"), "{text}");
    let lines: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let violations = lines[0]["violations"].as_array().unwrap();
    violations.iter().map(|violation| violation["rule"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn finds(how: &str, rules: &[&str]) {
    let found = broken(how);
    assert!(rules.iter().all(|rule| found.contains(*rule)), "{how}: {found:?}");
}

#[test]
fn handlers_without_the_attribute_are_found_out() {
    finds("no-attribute", &["Unequal", "AfterCompletion", "Overlap", "SecondEffect"]);
}

#[test]
fn claims_that_no_other_process_sees_are_found_out() {
    finds("own-store", &["Unequal", "AfterCompletion"]);
}

#[test]
fn work_that_was_to_be_set_aside_and_is_run_again_is_found_out() {
    finds("reruns-parked", &["RanSetAside"]);
}
