//! The SQLite store and real processes: killed, side by side, without room or the right to write. This program is the test
//! and its own children.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail as tests do")]

mod common_file;
mod disk;
#[path = "../sqlite_store/support.rs"]
#[allow(dead_code, reason = "shared with the tests that need no process")]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Trial};

const CHILD: &str = "IDEM_TEST_CHILD";
const PLACE: &str = "IDEM_TEST_PLACE";

/// What a child may be.
const CHILDREN: [(&str, fn()); 6] = [
    ("child_claims_all_keys", common_file::child_claims_all_keys),
    ("child_opens", common_file::child_opens),
    ("child_claims_and_hangs", common_file::child_claims_and_hangs),
    ("child_completes_without_end", common_file::child_completes_without_end),
    ("child_fills_its_disk", disk::child_fills_its_disk),
    ("child_may_not_write", disk::child_may_not_write),
];

/// This program again, as a child in a file or folder.
fn child(name: &str, place: &Path) -> Command {
    child_of(&std::env::current_exe().unwrap(), name, place)
}

fn child_of(binary: &Path, name: &str, place: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env(CHILD, name).env(PLACE, place);
    command
}

/// The file or folder of a child.
fn place() -> PathBuf {
    std::env::var_os(PLACE).unwrap().into()
}

fn main() {
    if let Ok(name) = std::env::var(CHILD) {
        let (_, child) = CHILDREN.iter().find(|(known, _)| *known == name).unwrap();
        return child();
    }
    let test = |name: &str, run: fn()| {
        Trial::test(name, move || {
            run();
            Ok(())
        })
    };
    let mount = |name: &str, run: fn()| test(name, run).with_ignored_flag(!disk::may_mount());
    let trials = vec![
        test(
            "each_of_a_thousand_common_keys_is_claimed_once_by_two_processes",
            common_file::each_of_a_thousand_common_keys_is_claimed_once_by_two_processes,
        ),
        test(
            "ten_processes_that_open_a_new_file_at_once_make_one_set_of_tables",
            common_file::ten_processes_that_open_a_new_file_at_once_make_one_set_of_tables,
        ),
        test(
            "a_claim_of_a_killed_process_is_taken_over_and_its_completed_record_stays",
            common_file::a_claim_of_a_killed_process_is_taken_over_and_its_completed_record_stays,
        ),
        test(
            "what_was_answered_before_a_kill_is_there_after_it",
            common_file::what_was_answered_before_a_kill_is_there_after_it,
        ),
        test(
            "a_file_or_folder_without_the_right_to_write_is_read_only",
            disk::a_file_or_folder_without_the_right_to_write_is_read_only,
        ),
        mount(
            "a_disk_without_room_is_full_and_everything_answered_stays",
            disk::a_disk_without_room_is_full_and_everything_answered_stays,
        ),
        mount("a_disk_that_is_mounted_read_only_is_read_only", disk::a_disk_that_is_mounted_read_only_is_read_only),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
