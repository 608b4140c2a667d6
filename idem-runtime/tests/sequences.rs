//! Random sequences beside the model on every store, from behind the seeds of the conformance suite on: once, or for as long
//! as `cargo xtask sequences` says.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]
#![allow(clippy::print_stdout, reason = "figures for people")]

mod mysql_support;
mod postgres_support;

use std::sync::Arc;
use std::time::Duration;

use idem_runtime::testing::ManualClock;
use idem_runtime::testing::conformance::{self, BoxError, Fixture};
use idem_runtime::{MemoryStore, MySqlStore, PostgresStore, RedisStore, SqliteStore, Store, TieredStore};
use idem_test_servers::{Postgres, Redis};
use mysql_support::Database;
use postgres_support::Schema;

/// How long each store is tried. Without it, once over all seeds.
const SECONDS: &str = "IDEM_SEQUENCES_SECONDS";

/// The first seed.
const SEED: &str = "IDEM_SEQUENCES_SEED";

/// As many at once as the suite has; its own are those before.
const AT_ONCE: u64 = 64;

/// Of the stores that do more for an answer than Redis does. What the machine makes too slow is played again.
const LEASE: Duration = Duration::from_secs(1);

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

async fn agrees(store: &str, open: impl AsyncFn() -> Result<Fixture, BoxError>) {
    idem_test_log::listen();
    let first = number(SEED, AT_ONCE);
    let open = async || Ok(open().await?.seeds(first..first + AT_ONCE));
    let time = Duration::from_secs(number(SECONDS, 0));
    let sequences = conformance::sequences(open, time).await.unwrap_or_else(|error| panic!("{store}: {error}"));
    println!("{store}, from seed {first} on: {sequences}");
}

fn pair<S: Store>(store: S, other: S) -> Fixture {
    Fixture::new(Arc::new(store), Arc::new(other))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_agrees_with_the_model() {
    agrees("memory", async || {
        let clock = ManualClock::new();
        let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
        Ok(pair(store.clone(), store).clock(clock))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_agrees_with_the_model_while_time_really_passes() {
    agrees("memory, really waiting", async || {
        let store = MemoryStore::new();
        Ok(pair(store.clone(), store))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sqlite_store_agrees_with_the_model() {
    agrees("SQLite", async || {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("idem.db");
        let clock = ManualClock::new();
        let opened = async || SqliteStore::builder(&path).clock(Arc::new(clock.clone())).open().await;
        Ok(pair(opened().await?, opened().await?).clock(clock.clone()).keep(folder))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sqlite_store_agrees_with_the_model_while_time_really_passes() {
    agrees("SQLite, really waiting", async || {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("idem.db");
        let opened = async || SqliteStore::builder(&path).open().await;
        Ok(pair(opened().await?, opened().await?).keep(folder).lease(LEASE))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_postgres_store_agrees_with_the_model() {
    // It does not wait for the disk, on which other tests work too: leases are to run out when they should.
    let server = Postgres::start(&[("fsync", "off")]);
    agrees("PostgreSQL", async || {
        let schema = Schema::on(server.url().into()).await;
        let opened = async || PostgresStore::builder(&schema.url).schema(&schema.name).open().await;
        Ok(pair(opened().await?, opened().await?).keep(schema).lease(LEASE))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_mysql_store_agrees_with_the_model() {
    agrees("MySQL", async || {
        let database = Database::new().await;
        let opened = async || MySqlStore::builder(&database.url).open().await;
        Ok(pair(opened().await?, opened().await?).keep(database).lease(LEASE))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_redis_store_agrees_with_the_model() {
    let server = Redis::start(&[]);
    agrees("Redis", async || {
        let opened = async || RedisStore::connect(server.url()).await;
        Ok(pair(opened().await?, opened().await?).expires_itself())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_in_front_of_postgres_agrees_with_the_model() {
    let (cache, durable) = (Redis::start(&[]), Postgres::start(&[("fsync", "off")]));
    agrees("Redis in front of PostgreSQL", async || {
        let schema = Schema::on(durable.url().into()).await;
        let opened = async || {
            let durable = PostgresStore::builder(&schema.url).schema(&schema.name).open().await?;
            // On a busy machine a cache may be late, and that is told: here nothing is to be told but answers.
            let cache = RedisStore::builder(cache.url()).response_timeout(Duration::from_secs(1)).connect().await?;
            Ok::<_, BoxError>(TieredStore::new(cache, durable))
        };
        Ok(pair(opened().await?, opened().await?).keep(schema).lease(LEASE))
    })
    .await;
}
