//! A worker process: takes deliveries from its input or a broker, runs handlers, answers on its output.

mod bench;
mod consumer;
mod database;
mod handlers;

use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use idem::clock::{Clock, SystemClock, Timestamp};
use idem::{MemoryStore, MySqlStore, PostgresStore, RedisStore, Runtime, SqliteStore, Store, StoreError, TieredStore};

use self::bench::Bench;
use self::database::Database;
use crate::history::{What, Writer};
use crate::wire::{Broken, FromWorker, Message, Setup, StoreAt, ToWorker};

/// Between two tries to open a store whose server is away.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a replica is waited for.
const REPLICA_PATIENCE: Duration = Duration::from_millis(300);

/// Connections of a worker to its store, and as many for its own transactions.
const CONNECTIONS: usize = 4;

/// Until the input ends.
pub fn run() -> anyhow::Result<()> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio.block_on(work())
}

async fn work() -> anyhow::Result<()> {
    let mut first = String::new();
    std::io::stdin().lock().read_line(&mut first)?;
    let setup: Setup = serde_json::from_str(&first).context("the first line is no setup")?;
    let store = patiently(async || open(&setup).await).await;
    let lease = format!("{}ms", setup.lease_ms);
    let builder = Runtime::builder().store(store).namespace("chaos").clock(Arc::new(Skewed(setup.skew_seconds)));
    let builder = builder.task("chaos.rerun", |task| task.lease(&lease)).task("chaos.park", |task| task.lease(&lease));
    builder.build()?.install()?;
    let database = Database::of(&setup.store)?;
    let bench = bench::install(Bench::new(&setup, Writer::open(&setup.history)?, database))?;

    let (lines, mut deliveries) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    bench.say(&FromWorker::Ready)?;
    if let Some(queue) = setup.queue {
        tokio::spawn(async move { consumer::consume(bench, &queue).await });
    }
    while let Some(line) = deliveries.recv().await {
        match serde_json::from_str(&line)? {
            ToWorker::Effect { run, accepted } => bench.effect_was(run, accepted),
            ToWorker::Deliver { copy, message } => {
                tokio::spawn(answer(bench, copy, message));
            }
        }
    }
    Ok(())
}

/// Handles a delivery; whether its answer is the last one.
async fn answer(bench: &'static Bench, copy: u64, message: Message) -> bool {
    let answer = handlers::answer(bench, message).await;
    let is_final = answer.is_final();
    let noted = bench.note(&What::Answered { copy, key: message.key, answer: answer.clone() });
    if noted.and_then(|()| bench.say(&FromWorker::Answer { copy, answer })).is_err() {
        // Nobody is there to be told.
        std::process::exit(1);
    }
    is_final
}

async fn open(setup: &Setup) -> Result<Arc<dyn Store>, StoreError> {
    if setup.broken == Some(Broken::OwnStore) {
        return Ok(Arc::new(MemoryStore::new()));
    }
    let postgres = async |url: &str| PostgresStore::builder(url).max_connections(CONNECTIONS).open().await;
    Ok(match &setup.store {
        StoreAt::Sqlite(path) => Arc::new(SqliteStore::open(path).await?),
        StoreAt::Postgres(url) => Arc::new(postgres(url).await?),
        StoreAt::MySql(url) => Arc::new(MySqlStore::builder(url).max_connections(CONNECTIONS).open().await?),
        StoreAt::Redis(url) => Arc::new(RedisStore::connect(url).await?),
        StoreAt::Replicated(url) => {
            Arc::new(RedisStore::builder(url).wait_replicas(1, REPLICA_PATIENCE).connect().await?)
        }
        StoreAt::Tiered { cache, durable } => {
            Arc::new(TieredStore::new(RedisStore::connect(cache).await?, postgres(durable).await?))
        }
    })
}

/// A server that is away comes back; who kills it also ends this process if not.
async fn patiently<T, E>(open: impl AsyncFn() -> Result<T, E>) -> T {
    loop {
        match open().await {
            Ok(opened) => return opened,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// The wall clock of a machine whose time is wrong. Leases are measured on the other clock, which nobody can set.
#[derive(Debug)]
struct Skewed(i64);

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(SystemClock.now().as_micros().saturating_add(self.0.saturating_mul(1_000_000)))
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime()
    }
}
