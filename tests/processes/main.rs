//! Real processes on one store: killed, restarted, side by side. This program is the test and its own children.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod child;
mod common_keys;
#[path = "../place/mod.rs"]
mod place;
mod webhooks;

use libtest_mimic::{Arguments, Trial};
use place::Place;

fn main() {
    if let Some(job) = child::Job::from_env() {
        return child::run(job);
    }
    let common = |store: &str, open: fn() -> Place| {
        let name = format!("four_processes_on_{store}_enter_every_body_of_ten_thousand_keys_once");
        Trial::test(name, move || common_keys::four_processes(open()))
    };
    let trials = vec![
        common("sqlite", Place::sqlite),
        #[cfg(feature = "postgres")]
        common("postgres", Place::postgres),
        #[cfg(feature = "mysql")]
        common("mysql", Place::mysql),
        #[cfg(feature = "redis")]
        common("redis", Place::redis),
        Trial::test("webhooks_write_one_effect_line_an_id", webhooks::one_effect_line_an_id),
        Trial::test("webhooks_killed_twenty_times_lose_nothing", webhooks::killed_twenty_times),
        Trial::test("webhooks_name_a_malformed_line_and_do_the_rest", webhooks::malformed_lines),
        Trial::test("webhooks_tell_a_mismatch", webhooks::mismatches),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
