//! Webhook deliveries, handled once each, by the id that the sender gave them.
//!
//! ```text
//! cargo run --example webhooks --features sqlite -- [--store URL] [--effects FILE] [--workers N] [FILE]
//! ```
//! Reads one JSON object a line, `{"id", "event", "received_at", "payload"}`, from FILE or standard input. Each effect
//! appends one line `id event` to the effects file. Killed at any moment and started again on the same input, it does the
//! rest. A delivery whose effect took place and whose completion was not stored when the kill came runs again: its new
//! attempt has a number above 1, which is how the example knows, and says so on standard error.
#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr)]

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Split, Write};
use std::iter::Enumerate;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::Context;
use clap::Parser;
use idem::{Delivery, Runtime, idempotent};
use serde::Deserialize;
use serde_json::Value;

#[derive(Parser)]
struct Options {
    /// Where the records are: `memory:`, `sqlite:PATH`, `postgres://…`, `mysql://…` or `redis://…`, each with its feature.
    #[arg(long, default_value = "sqlite:webhooks.db")]
    store: String,
    /// The file to which each effect appends a line.
    #[arg(long, default_value = "effects.log")]
    effects: PathBuf,
    /// How many deliveries are handled at once.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: u16,
    /// The deliveries; standard input without it.
    file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Webhook {
    id: String,
    event: String,
    #[expect(dead_code, reason = "a delivery without it is malformed; a redelivery has another one")]
    received_at: String,
    payload: Value,
}

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error("the effect could not be written: {0}")]
    Effect(#[from] io::Error),
}

static EFFECTS: OnceLock<Mutex<File>> = OnceLock::new();

/// The effect: one line, written at once. The lease is short since the work takes no time: an orphan of a kill is free after it.
#[idempotent(name = "webhooks.handle", ttl = "7d", lease = "2s", key(event, payload))]
async fn handle(id: String, event: String, payload: Value) -> Result<(), AppError> {
    let attempt = idem::current().attempt();
    if attempt > 1 {
        eprintln!("{id}: attempt {attempt}; the attempt before had not stored its completion when it ended");
    }
    if let Some(effects) = EFFECTS.get() {
        effects.lock().unwrap_or_else(PoisonError::into_inner).write_all(format!("{id} {event}\n").as_bytes())?;
    }
    drop(payload);
    Ok(())
}

/// What became of the deliveries.
#[derive(Debug, Default)]
struct Tally {
    delivered: u64,
    ran: u64,
    replayed: u64,
    mismatched: u64,
    failed: u64,
    malformed: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.ran += other.ran;
        self.replayed += other.replayed;
        self.mismatched += other.mismatched;
        self.failed += other.failed;
        self.malformed += other.malformed;
    }
}

/// Lines as bytes: one that is not text is malformed, and does not stop the rest.
type Input = Arc<Mutex<Enumerate<Split<Box<dyn BufRead + Send>>>>>;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let input: Box<dyn BufRead + Send> = match &options.file {
        Some(path) => {
            Box::new(BufReader::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?))
        }
        None => Box::new(BufReader::new(io::stdin())),
    };
    let effects = OpenOptions::new().create(true).append(true).open(&options.effects);
    let effects = effects.with_context(|| format!("cannot write {}", options.effects.display()))?;
    EFFECTS.get_or_init(|| Mutex::new(effects));
    let runtime = Runtime::builder().store(idem::connect(&options.store).await?).namespace("webhooks").build()?;
    runtime.install()?;

    let input: Input = Arc::new(Mutex::new(input.split(b'\n').enumerate()));
    let workers: Vec<_> = (0..options.workers).map(|_| tokio::spawn(work(Arc::clone(&input)))).collect();
    let mut tally = Tally::default();
    for worker in workers {
        tally.add(&worker.await??);
    }
    let Tally { delivered, ran, replayed, mismatched, failed, malformed } = tally;
    println!(
        "delivered={delivered} ran={ran} replayed={replayed} mismatched={mismatched} failed={failed} malformed={malformed}"
    );
    Ok(if mismatched + failed + malformed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Handles lines until there are none.
async fn work(input: Input) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    loop {
        let next = input.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((index, line)) = next else { return Ok(tally) };
        let (number, line) = (index + 1, line.with_context(|| format!("line {}", index + 1))?);
        if line.trim_ascii().is_empty() {
            continue;
        }
        tally.delivered += 1;
        let read = serde_json::from_slice::<Webhook>(&line);
        let read = read.map_err(|error| error.to_string().replace(" at line 1 column ", " at column "));
        let keyed = read.and_then(|webhook| {
            let delivery = Delivery::new().message_id(&webhook.id).idempotency_key(&webhook.id);
            delivery.map(|delivery| (delivery, webhook)).map_err(|error| error.to_string())
        });
        let (delivery, Webhook { id, event, payload, .. }) = match keyed {
            Ok(keyed) => keyed,
            Err(error) => {
                tally.malformed += 1;
                eprintln!("line {number}: malformed: {error}");
                continue;
            }
        };
        match delivery.run(handle::call(id, event, payload)).await {
            Ok(outcome) if outcome.is_fresh() => tally.ran += 1,
            Ok(_) => tally.replayed += 1,
            Err(AppError::Idem(error @ idem::Error::Mismatch { .. })) => {
                tally.mismatched += 1;
                eprintln!("line {number}: mismatched: {error}");
            }
            Err(error) => {
                tally.failed += 1;
                eprintln!("line {number}: failed: {error}");
            }
        }
    }
}
