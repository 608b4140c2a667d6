//! Real processes on one store: killed, restarted, side by side. This program is the test and its own children.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod abandoned;
mod child;
mod common_keys;
#[path = "../place/mod.rs"]
mod place;
mod webhooks;

use libtest_mimic::{Arguments, Failed, Trial};
use place::Place;

fn main() {
    idem_test_log::listen();
    if let Some(job) = child::Job::from_env() {
        return child::run(job);
    }
    if abandoned::as_child().is_some() {
        return;
    }
    let mut trials = Vec::new();
    let mut on = |store: &str, open: fn() -> Place| {
        let mut trial = |name: String, run: fn(Place) -> Result<(), Failed>| {
            trials.push(Trial::test(name, move || run(open())));
        };
        trial(
            format!("four_processes_on_{store}_enter_every_body_of_ten_thousand_keys_once"),
            common_keys::four_processes,
        );
        trial(format!("r01_killed_in_its_body_on_{store}_another_takes_over"), abandoned::killed);
        trial(format!("r03_stopped_for_three_leases_on_{store}_it_changes_nothing"), abandoned::stopped);
    };
    on("sqlite", Place::sqlite);
    #[cfg(feature = "postgres")]
    on("postgres", Place::postgres);
    #[cfg(feature = "mysql")]
    on("mysql", Place::mysql);
    #[cfg(feature = "redis")]
    on("redis", Place::redis);
    trials.extend([
        Trial::test("webhooks_write_one_effect_line_an_id", webhooks::one_effect_line_an_id),
        Trial::test("webhooks_killed_twenty_times_lose_nothing", webhooks::killed_twenty_times),
        Trial::test("webhooks_name_a_malformed_line_and_do_the_rest", webhooks::malformed_lines),
        Trial::test("webhooks_tell_a_mismatch", webhooks::mismatches),
    ]);
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
