//! Moves money between accounts in PostgreSQL, in transactional mode: claim, booking and result are one transaction, so that
//! each transfer is booked once whatever is delivered twice and whoever is killed.
//!
//! ```text
//! cargo run --example ledger --features postgres -- --database postgres://postgres@127.0.0.1/postgres
//! ```
//!
//! The program delivers transfers to a worker process, some of them twice, kills the worker again and again with SIGKILL,
//! delivers anew what was not acknowledged, and then proves the books: no cent came or went, and every transfer is there once.
//! Everything is in the schema `idem_ledger`, which is made anew at the start, and gone once the books are right.
#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context, ensure};
use clap::Parser;
use idem::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use idem::{PostgresStore, Runtime, idempotent, sqlx};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

#[derive(Parser)]
struct Options {
    /// The database; everything is done in its schema `idem_ledger`.
    #[arg(long, default_value = "postgres://postgres@127.0.0.1:5432/postgres")]
    database: String,
    #[arg(long, default_value_t = 2_000)]
    transfers: i64,
    /// How many of a hundred deliveries come twice.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=100))]
    duplicates: u32,
    /// How often the worker is killed.
    #[arg(long, default_value_t = 5)]
    kills: usize,
    /// Deliveries, duplicates and kills are the same for the same seed; what they meet is not.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What the program starts itself as.
    #[arg(long, hide = true)]
    worker: bool,
}

const ACCOUNTS: i64 = 100;
const OPENING_CENTS: i64 = 1_000_000;
/// Deliveries under way at once.
const WINDOW: usize = 32;

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
}

/// The booking. Accounts are locked in the order of their numbers, or two transfers could wait for each other.
#[idempotent(name = "ledger.transfer", ttl = "7d", key(id), transaction = tx)]
async fn transfer(tx: &mut sqlx::PgConnection, id: i64, from: i64, to: i64, cents: i64) -> Result<(), AppError> {
    for account in [from.min(to), from.max(to)] {
        let change = if account == from { -cents } else { cents };
        let update = sqlx::query("UPDATE accounts SET cents = cents + $2 WHERE id = $1");
        update.bind(account).bind(change).execute(&mut *tx).await?;
    }
    let booking = sqlx::query("INSERT INTO bookings (transfer, debit, credit, cents) VALUES ($1, $2, $3, $4)");
    booking.bind(id).bind(from).bind(to).bind(cents).execute(tx).await?;
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if options.worker {
        return tokio.block_on(work(&options.database));
    }
    tokio.block_on(prepare(&options.database)).context("the schema `idem_ledger` could not be made")?;
    deliver(&options)?;
    tokio.block_on(prove(&options))
}

async fn connect(database: &str) -> anyhow::Result<PgPool> {
    let options: PgConnectOptions = database.parse()?;
    let options = options.options([("search_path", "idem_ledger")]);
    Ok(PgPoolOptions::new().max_connections(8).connect_with(options).await?)
}

async fn prepare(database: &str) -> anyhow::Result<()> {
    let pool = connect(database).await?;
    let tables = "DROP SCHEMA IF EXISTS idem_ledger CASCADE; CREATE SCHEMA idem_ledger;
        CREATE TABLE accounts (id BIGINT PRIMARY KEY, cents BIGINT NOT NULL);
        CREATE TABLE bookings (transfer BIGINT NOT NULL, debit BIGINT NOT NULL, credit BIGINT NOT NULL, cents BIGINT NOT NULL)";
    sqlx::raw_sql(tables).execute(&pool).await?;
    let accounts = sqlx::query("INSERT INTO accounts SELECT number, $2 FROM generate_series(1, $1) AS number");
    accounts.bind(ACCOUNTS).bind(OPENING_CENTS).execute(&pool).await?;
    Ok(())
}

/// The worker: a line is a delivery, answered by its transfer's number once that is committed.
async fn work(database: &str) -> anyhow::Result<()> {
    let pool = connect(database).await?;
    let store = PostgresStore::builder(database).schema("idem_ledger").max_connections(1).open().await?;
    let runtime = Runtime::builder().store(store).namespace("ledger").build()?;
    runtime.install()?;
    let (lines, mut deliveries) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    while let Some(line) = deliveries.recv().await {
        let pool = pool.clone();
        tokio::spawn(async move {
            let numbers: Vec<i64> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
            let &[id, from, to, cents] = numbers.as_slice() else { return eprintln!("malformed: {line}") };
            match book(&pool, id, from, to, cents).await {
                Ok(kind) => println!("{id} {kind}"),
                Err(error) => println!("{id} failed {error}"),
            }
        });
    }
    Ok(())
}

async fn book(pool: &PgPool, id: i64, from: i64, to: i64, cents: i64) -> Result<&'static str, AppError> {
    let mut tx = pool.begin().await?;
    let outcome = transfer::call(&mut tx, id, from, to, cents).await?;
    tx.commit().await?;
    Ok(outcome.kind())
}

/// A worker process and what it answers.
struct Worker {
    process: Child,
    input: ChildStdin,
    answers: Receiver<String>,
}

impl Worker {
    fn start(options: &Options) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--worker", "--database", &options.database]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let input = process.stdin.take().context("the worker has no input")?;
        let output = process.stdout.take().context("the worker has no output")?;
        let (lines, answers) = channel();
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|l| lines.send(l))
        });
        Ok(Self { process, input, answers })
    }
}

/// Delivers every transfer until it is acknowledged, some twice, and kills the worker between.
fn deliver(options: &Options) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut waiting: Vec<(i64, String)> = Vec::new();
    for id in 1..=options.transfers {
        let (from, step) = (random.random_range(1..=ACCOUNTS), random.random_range(1..ACCOUNTS));
        let to = (from - 1 + step) % ACCOUNTS + 1;
        let line = format!("{id} {from} {to} {}", random.random_range(1..=10_000));
        if random.random_range(0..100) < options.duplicates {
            waiting.push((id, line.clone()));
        }
        waiting.push((id, line));
    }
    waiting.shuffle(&mut random);
    let deliveries = waiting.len();
    let mut kill_at: Vec<usize> = (0..options.kills).map(|_| random.random_range(0..deliveries)).collect();
    kill_at.sort_unstable();

    let mut worker = Worker::start(options)?;
    let mut under_way: Vec<(i64, String)> = Vec::new();
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    let (mut acknowledged, mut kills) = (0, 0);
    while acknowledged < deliveries {
        while under_way.len() < WINDOW
            && let Some((id, line)) = waiting.pop()
        {
            // Where the worker is gone, its silence below says so.
            _ = writeln!(worker.input, "{line}");
            under_way.push((id, line));
        }
        if kill_at.first().is_some_and(|at| *at <= acknowledged) {
            kill_at.remove(0);
            worker.process.kill()?;
            kills += 1;
        }
        let Ok(answer) = worker.answers.recv() else {
            // What the worker did not acknowledge is delivered again, be it booked or not.
            worker.process.wait()?;
            waiting.append(&mut under_way);
            worker = Worker::start(options)?;
            continue;
        };
        let (id, kind) = answer.split_once(' ').context("half an answer")?;
        let id: i64 = id.parse()?;
        let at = under_way.iter().position(|(under_way, _)| *under_way == id);
        let delivery = under_way.swap_remove(at.with_context(|| format!("an answer to nothing: {answer}"))?);
        match kind.strip_prefix("failed ") {
            Some(error) => {
                eprintln!("{id}: {error}; it is delivered again");
                waiting.push(delivery);
            }
            None => {
                acknowledged += 1;
                *answers.entry(kind.to_owned()).or_default() += 1;
            }
        }
    }
    println!("{deliveries} deliveries of {} transfers, {kills} kills, answers: {answers:?}", options.transfers);
    drop(worker.input);
    worker.process.wait()?;
    Ok(())
}

/// The books are right, or this is an error.
async fn prove(options: &Options) -> anyhow::Result<()> {
    let pool = connect(&options.database).await?;
    let one = async |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await;
    let sum = one("SELECT sum(cents)::bigint FROM accounts").await?;
    let bookings = one("SELECT count(*) FROM bookings").await?;
    let transfers = one("SELECT count(DISTINCT transfer) FROM bookings").await?;
    let wrong = one("SELECT count(*) FROM accounts AS a WHERE cents <> 1000000
            + (SELECT coalesce(sum(cents), 0) FROM bookings WHERE credit = a.id)
            - (SELECT coalesce(sum(cents), 0) FROM bookings WHERE debit = a.id)")
    .await?;
    println!("sum {sum} (expected {}), {bookings} bookings of {transfers} transfers", ACCOUNTS * OPENING_CENTS);
    ensure!(sum == ACCOUNTS * OPENING_CENTS, "cents came or went");
    ensure!(bookings == options.transfers && transfers == options.transfers, "a transfer is missing, or there twice");
    ensure!(wrong == 0, "{wrong} accounts do not agree with their bookings");
    println!("the books are right");
    sqlx::raw_sql("SET client_min_messages = warning; DROP SCHEMA idem_ledger CASCADE").execute(&pool).await?;
    Ok(())
}
