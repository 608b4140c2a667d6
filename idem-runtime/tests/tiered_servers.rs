//! Redis in front of PostgreSQL, both real: conformance, and the cache taken away while calls go on.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod postgres_support;
mod store_support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use idem_runtime::claim::{ClaimVerdict, ClearVerdict};
use idem_runtime::testing::conformance::{self, BoxError, Fixture};
use idem_runtime::{PostgresStore, RedisStore, Store, StoreError, TieredStore};
use idem_test_servers::Redis;
use postgres_support::Schema;
use store_support::{claimed, completion, done, key, request};

async fn cache(url: &str) -> Result<RedisStore, StoreError> {
    RedisStore::builder(url).response_timeout(Duration::from_millis(500)).connect().await
}

async fn durable(schema: &Schema) -> PostgresStore {
    PostgresStore::builder(&schema.url).schema(&schema.name).max_connections(4).open().await.unwrap()
}

async fn open() -> Result<Fixture, BoxError> {
    let (server, schema) = (Redis::start(&[]), Schema::new().await);
    let mut tiered: Vec<Arc<dyn Store>> = Vec::new();
    for _ in 0..2 {
        tiered.push(Arc::new(TieredStore::new(cache(server.url()).await?, durable(&schema).await)));
    }
    let fixture = Fixture::new(Arc::clone(&tiered[0]), Arc::clone(&tiered[1]));
    // Two servers are asked: it is the longer for it.
    Ok(fixture.keep(schema).keep(server).lease(Duration::from_secs(1)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_in_front_of_postgres_conforms() {
    conformance::run(open).await.assert_passed_but(&[
        // A copy answers whatever became of the record behind it; and no clock of a client is asked.
        "claim_without_a_deadline_is_no_orphan",
        "clocks_of_clients_change_nothing",
        // They would really take days.
        "forever_is_forever",
        "time_is_over_at_its_end_and_not_before",
        "evidence_is_kept_for_a_day",
        "longer_grace_is_kept",
        "evidence_that_forbids_a_rerun_never_runs_out",
        "sweep_survives_a_bad_row",
        "record_of_a_newer_format_is_an_error",
        "corrupt_record_is_an_error",
    ]);
}

/// A private Redis in front of a schema.
struct Tiers {
    server: Redis,
    store: TieredStore,
    schema: Schema,
}

async fn tiers() -> Tiers {
    let (server, schema) = (Redis::start(&[]), Schema::new().await);
    let store = TieredStore::new(cache(server.url()).await.unwrap(), durable(&schema).await);
    Tiers { server, store, schema }
}

async fn replays(store: &dyn Store, number: u64) -> bool {
    matches!(store.claim(&request(key("tiers", number))).await, Ok(ClaimVerdict::Completed(_)))
}

#[tokio::test]
async fn a_duplicate_is_answered_by_redis_while_postgres_is_not_asked() {
    let tiers = tiers().await;
    done(&tiers.store, key("tiers", 1), b"result").await;
    // Behind the store's back the durable record becomes another one: who answers is seen.
    tiers.schema.sql("UPDATE idem_records SET result = NULL, no_result = 'asked'").await;
    let verdict = tiers.store.claim(&request(key("tiers", 1))).await.unwrap();
    let ClaimVerdict::Completed(record) = verdict else { panic!("{verdict:?}") };
    assert!(format!("{:?}", record.result).contains("Envelope"), "{record:?}");
    assert!(record.expires_at.is_some() && record.completed_at.is_some());
    let durable = tiers.store.get(&key("tiers", 1)).await.unwrap().unwrap();
    assert_eq!(
        (record.fence, record.expires_at, record.created_at),
        (durable.fence, durable.expires_at, durable.created_at)
    );
}

#[tokio::test]
async fn what_is_in_the_cache_is_no_record_of_a_store_on_the_same_server() {
    let tiers = tiers().await;
    done(&tiers.store, key("tiers", 1), b"result").await;
    let plain = cache(tiers.server.url()).await.unwrap();
    assert!(Store::get(&plain, &key("tiers", 1)).await.unwrap().is_none());
    assert!(plain.list(&Default::default()).await.unwrap().is_empty());
}

#[tokio::test]
async fn clearing_reaches_the_cache() {
    let tiers = tiers().await;
    done(&tiers.store, key("tiers", 1), b"result").await;
    assert_eq!(tiers.store.clear(&key("tiers", 1), false).await.unwrap(), ClearVerdict::Cleared);
    claimed(tiers.store.claim(&request(key("tiers", 1))).await.unwrap());
}

/// R25, with a real server: killed, back without data, frozen, flushed, while calls go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r25_redis_is_taken_away_in_the_middle_and_nothing_runs_twice() {
    let tiers = tiers().await;
    for number in 0..60 {
        match number {
            10 => tiers.server.kill(),
            20 => tiers.server.start_again(),
            30 => tiers.server.pause(),
            40 => tiers.server.resume(),
            _ => {}
        }
        let began = Instant::now();
        let first = request(key("tiers", number));
        let granted = claimed(tiers.store.claim(&first).await.unwrap());
        let rival = tiers.store.claim(&request(key("tiers", number))).await.unwrap();
        assert!(matches!(rival, ClaimVerdict::Running { .. }), "{rival:?}");
        tiers.store.complete(&completion(&first, &granted, b"result")).await.unwrap();
        for number in 0..=number {
            assert!(replays(&tiers.store, number).await, "key {number}");
        }
        assert!(began.elapsed() < Duration::from_secs(5), "slower, but not this slow: {:?}", began.elapsed());
    }
}
