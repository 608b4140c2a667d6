//! Real processes on one SQLite file: killed, restarted, side by side. This program is the test and its own children.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod child;
mod shared_file;
mod webhooks;

use libtest_mimic::{Arguments, Trial};

fn main() {
    if let Some(job) = child::Job::from_env() {
        return child::run(job);
    }
    let trials = vec![
        Trial::test("two_processes_on_one_file_enter_every_body_once", shared_file::two_processes_on_one_file),
        Trial::test("webhooks_write_one_effect_line_an_id", webhooks::one_effect_line_an_id),
        Trial::test("webhooks_killed_twenty_times_lose_nothing", webhooks::killed_twenty_times),
        Trial::test("webhooks_name_a_malformed_line_and_do_the_rest", webhooks::malformed_lines),
        Trial::test("webhooks_tell_a_mismatch", webhooks::mismatches),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
