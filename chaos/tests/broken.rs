//! A checker that cannot fail is worthless: workers that are wrong on purpose are found out by real runs.
#![allow(missing_docs, clippy::unwrap_used)]

mod harness;

use self::harness::Line;

#[track_caller]
fn finds(how: &str, rules: &[&str]) {
    let faults = ["--store", "sqlite", "--seconds", "5", "--kills", "10", "--pauses", "1", "--broken", how];
    let found = Line::of(&faults).rules();
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
