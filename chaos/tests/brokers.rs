//! Real brokers deliver: the verdict is the same, and what was not acknowledged came again.
#![allow(missing_docs, clippy::unwrap_used)]

mod harness;

use std::process::Command;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{self, Context};
use futures::StreamExt;
use idem_test_servers::{Nats, RabbitMq};

use self::harness::Line;

/// Workers that are killed and stopped break nothing, though their messages come again.
fn is_clean(queue: &str, url: &str) {
    let faults = ["--store", "sqlite", "--seconds", "5", "--kills", "5", "--pauses", "3"];
    let line = Line::of(&[&["--queue", queue, "--broker", url][..], &faults].concat());
    let mut rules = line.rules();
    // Other tests have the machine, too.
    rules.remove("Takeover");
    assert!(rules.is_empty(), "{rules:?}");
    let [kills, pauses, deliveries, again, redelivered] =
        ["kills", "pauses_past_lease", "deliveries", "answered_again", "redelivered"]
            .map(|name| line.0["figures"][name].as_u64().unwrap());
    // A kill may end a pause.
    assert!(kills == 5 && pauses > 0, "{kills} kills, {pauses} pauses");
    // Those that no worker has asked for: their workers were dead or stopped.
    assert!(redelivered > again && again > 0, "{redelivered} of {deliveries}, {again} of them asked for");
}

/// A checker that cannot fail is worthless.
fn finds_out(queue: &str, url: &str) {
    let broken = ["--store", "sqlite", "--seconds", "3", "--kills", "5", "--pauses", "1", "--broken", "no-attribute"];
    let found = Line::of(&[&["--queue", queue, "--broker", url][..], &broken].concat()).rules();
    let rules = ["Unequal", "AfterCompletion", "Overlap", "SecondEffect"];
    assert!(rules.iter().all(|rule| found.contains(*rule)), "{found:?}");
}

fn ask<T>(nats: &Nats, question: impl AsyncFnOnce(Context) -> T) -> T {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async { question(jetstream::new(async_nats::connect(nats.url()).await.unwrap())).await })
}

/// The streams that are there.
fn streams(nats: &Nats) -> Vec<String> {
    ask(nats, async |context| context.stream_names().map(Result::unwrap).collect().await)
}

/// How many messages were delivered.
fn delivered(nats: &Nats) -> u64 {
    ask(nats, async |context| {
        let name = context.stream_names().next().await?.ok()?;
        let consumer: PullConsumer = context.get_consumer_from_stream(&name, &name).await.ok()?;
        Some(consumer.cached_info().delivered.consumer_sequence)
    })
    .unwrap_or(0)
}

#[test]
fn what_jetstream_delivers_again_breaks_nothing() {
    let nats = Nats::start();
    is_clean("nats", nats.url());
    assert_eq!(streams(&nats), [""; 0]);
}

#[test]
fn a_jetstream_that_is_killed_and_comes_back_loses_nothing() {
    let nats = Nats::start();
    let line = std::thread::scope(|scope| {
        let run = scope.spawn(|| is_clean("nats", nats.url()));
        while delivered(&nats) < 200 {
            assert!(!run.is_finished(), "the run ended before anything was delivered");
        }
        nats.kill();
        // tidy: allow sleep: the outage is to be longer than a confirmation is waited for
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        nats.start_again();
        run.join()
    });
    line.unwrap();
    assert_eq!(streams(&nats), [""; 0]);
}

#[test]
fn handlers_without_the_attribute_are_found_out_through_jetstream() {
    let nats = Nats::start();
    finds_out("nats", nats.url());
}

#[test]
fn what_rabbitmq_delivers_again_breaks_nothing_and_handlers_without_the_attribute_are_found_out() {
    // One test, since the server takes seconds to start.
    let rabbitmq = RabbitMq::start();
    is_clean("rabbitmq", rabbitmq.url());
    finds_out("rabbitmq", rabbitmq.url());
}

#[test]
fn a_run_that_fails_leaves_nothing_at_the_broker() {
    let nats = Nats::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_idem-chaos"));
    command.args(["run", "--store", "sqlite", "--queue", "nats", "--broker", nats.url()]);
    let output = command.env("TMPDIR", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(streams(&nats), [""; 0]);
}
