//! What a call costs: round trips, and the log.

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, Failure, RenewVerdict};
use idem_runtime::store::StoreFuture;
use idem_runtime::testing::proxy::Proxy;
use idem_runtime::{PostgresStore, Store};
use sqlx::PgConnection;

use crate::support::{Bench, LEASE, claimed, completion, connect, done, failure, key, renewal, request};

/// The bench's tables through a proxy that counts, over one connection that has used every statement.
async fn counted(bench: &Bench) -> (PostgresStore, Proxy) {
    let proxy = Proxy::before(&bench.schema.url).unwrap();
    let url = proxy.url(&bench.schema.url).unwrap();
    let store = PostgresStore::builder(&url).schema(&bench.schema.name).max_connections(1).open().await.unwrap();
    done(&store, key("warm", 1), b"x").await;
    let claim = request(key("warm", 2));
    claimed(store.claim(&claim).await.unwrap());
    store.renew(&[renewal(&claim)]).await.unwrap();
    store.fail(&failure(&claim, Failure::Release)).await.unwrap();
    (store, proxy)
}

/// How many round trips a call takes, and what it answers.
async fn cost<T>(proxy: &Proxy, call: StoreFuture<'_, T>) -> (u64, T) {
    let before = proxy.exchanges();
    let answer = call.await.unwrap();
    (proxy.exchanges() - before, answer)
}

fn word(verdict: &ClaimVerdict) -> &'static str {
    match verdict {
        ClaimVerdict::Claimed(_) => "claimed",
        ClaimVerdict::Running { .. } => "running",
        ClaimVerdict::Completed(_) => "completed",
        _ => "other",
    }
}

#[tokio::test]
async fn each_call_costs_the_trips_that_it_needs() {
    let bench = Bench::new().await;
    let (store, proxy) = counted(&bench).await;
    let (first, second) = (request(key("t", 1)), request(key("t", 2)));
    let granted = bench.claim(&second).await;
    let claim = async |claim: &_, word_expected: &str, trips: u64| {
        let (cost, verdict) = cost(&proxy, store.claim(claim)).await;
        assert_eq!((word(&verdict), cost), (word_expected, trips));
    };
    claim(&first, "claimed", 1).await;
    claim(&request(first.key.clone()), "running", 1).await;
    claim(&first, "claimed", 1).await;
    let completion = completion(&second, &granted, b"done");
    for trips in [1, 2] {
        let (cost, verdict) = cost(&proxy, store.complete(&completion)).await;
        assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
        assert_eq!(cost, trips);
    }
    claim(&request(second.key.clone()), "completed", 1).await;
    assert_eq!(cost(&proxy, store.fail(&failure(&first, Failure::Release))).await.0, 2);
    claim(&request(first.key.clone()), "claimed", 2).await;
    bench.age(LEASE).await;
    claim(&request(first.key.clone()), "claimed", 2).await;
}

#[tokio::test]
async fn a_hundred_claims_are_renewed_in_one_trip() {
    let bench = Bench::new().await;
    let (store, proxy) = counted(&bench).await;
    let mut renewals = Vec::new();
    for n in 0..100 {
        let claim = request(key("held", n));
        bench.claim(&claim).await;
        renewals.push(renewal(&claim));
    }
    let (cost, answers) = cost(&proxy, store.renew(&renewals)).await;
    assert!(answers.iter().all(|answer| *answer == Ok(RenewVerdict::Renewed)), "{answers:?}");
    assert_eq!(cost, 1);
}

#[tokio::test]
async fn a_duplicate_writes_nothing_to_the_log() {
    // Nothing else writes on this server.
    let server = idem_test_servers::Postgres::start(&[("autovacuum", "off"), ("bgwriter_lru_maxpages", "0")]);
    let store = PostgresStore::connect(server.url()).await.unwrap();
    let mut raw = connect(server.url()).await;
    done(&store, key("t", 1), &[7; 200]).await;
    claimed(store.claim(&request(key("t", 2))).await.unwrap());
    let ask = async || {
        assert_eq!(word(&store.claim(&request(key("t", 1))).await.unwrap()), "completed");
        assert_eq!(word(&store.claim(&request(key("t", 2))).await.unwrap()), "running");
    };
    // The first reader of a page notes there what has committed: that is not the duplicate's writing.
    ask().await;
    let before = log_position(&mut raw).await;
    for _ in 0..200 {
        ask().await;
    }
    assert_eq!(log_position(&mut raw).await, before);
}

async fn log_position(raw: &mut PgConnection) -> String {
    sqlx::query_scalar("SELECT pg_current_wal_insert_lsn()::text").fetch_one(raw).await.unwrap()
}
