//! What a call costs: round trips, locks, and writes.

use std::time::Duration;

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, Failure, RenewVerdict};
use idem_runtime::store::StoreFuture;
use idem_runtime::testing::proxy::Proxy;
use idem_runtime::{MySqlStore, Store};
use idem_test_servers::MySql;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, Row};

use crate::support::{Bench, LEASE, claimed, completion, connect, done, failure, key, renewal, request};

/// What was written then is surely in the server's log.
const LONG_AGO: &str = "updated_at = updated_at - 600000000";

/// The bench's tables through a proxy that counts, over one connection that is open.
async fn counted(bench: &Bench) -> (MySqlStore, Proxy) {
    let proxy = Proxy::before(&bench.database.url).unwrap();
    let url = proxy.url(&bench.database.url).unwrap();
    let store = MySqlStore::builder(&url).max_connections(1).open().await.unwrap();
    store.get(&key("warm", 1)).await.unwrap();
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
async fn each_call_costs_the_trips_that_it_needs_also_on_a_connection_that_is_new() {
    let bench = Bench::new().await;
    let (store, proxy) = counted(&bench).await;
    let claim = async |claim: &_, expected: (&str, u64)| {
        let (cost, verdict) = cost(&proxy, store.claim(claim)).await;
        assert_eq!((word(&verdict), cost), expected);
    };
    let (first, second) = (request(key("t", 1)), request(key("t", 2)));
    claim(&first, ("claimed", 1)).await;
    claim(&request(first.key.clone()), ("running", 1)).await;
    bench.set(&first.key, LONG_AGO).await;
    claim(&first, ("claimed", 1)).await;
    let done = completion(&second, &bench.claim(&second).await, b"done");
    for (trips, sent) in [(1, "first"), (2, "again")] {
        let (cost, verdict) = cost(&proxy, store.complete(&done)).await;
        assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
        assert_eq!(cost, trips, "sent {sent}");
        bench.set(&second.key, LONG_AGO).await;
    }
    claim(&request(second.key.clone()), ("completed", 1)).await;
    assert_eq!(cost(&proxy, store.fail(&failure(&first, Failure::Release))).await.0, 2);
    claim(&request(first.key.clone()), ("claimed", 2)).await;
    bench.age(LEASE).await;
    claim(&request(first.key.clone()), ("claimed", 2)).await;
    assert_eq!(cost(&proxy, store.renew(&[])).await.0, 0);
}

#[tokio::test]
async fn a_hundred_claims_are_renewed_in_one_trip_and_a_lost_one_costs_its_own() {
    let bench = Bench::new().await;
    let (store, proxy) = counted(&bench).await;
    let mut renewals = Vec::new();
    for n in 0..100 {
        let claim = request(key("held", n));
        bench.claim(&claim).await;
        renewals.push(renewal(&claim));
        renewals.last_mut().unwrap().lease += LEASE * u32::from(n % 3 == 0);
    }
    let (trips, answers) = cost(&proxy, store.renew(&renewals)).await;
    assert!(answers.iter().all(|answer| *answer == Ok(RenewVerdict::Renewed)), "{answers:?}");
    assert_eq!(trips, 1);
    for renewal in &renewals {
        let found = store.get(&renewal.key).await.unwrap().unwrap();
        assert_eq!(found.lease_until.unwrap().since(found.updated_at), renewal.lease);
    }
    renewals[7].owner = idem_runtime::record::Owner::random();
    let (trips, answers) = cost(&proxy, store.renew(&renewals)).await;
    let lost: Vec<_> = (0..100).filter(|at| answers[*at] != Ok(RenewVerdict::Renewed)).collect();
    assert_eq!((trips, lost), (2, vec![7]));
}

#[tokio::test]
async fn a_duplicate_takes_no_lock() {
    let bench = Bench::new().await;
    done(&bench.store, key("t", 1), b"x").await;
    bench.set(&key("t", 1), LONG_AGO).await;
    bench.claim(&request(key("t", 2))).await;
    let mut raw = bench.database.raw().await;
    let mut transaction = raw.begin().await.unwrap();
    sqlx::raw_sql("SELECT * FROM idem_records FOR UPDATE").execute(&mut *transaction).await.unwrap();
    for (number, expected) in [(1, "completed"), (2, "running")] {
        assert_eq!(word(&bench.store.claim(&request(key("t", number))).await.unwrap()), expected);
    }
    transaction.rollback().await.unwrap();
}

#[tokio::test]
async fn a_duplicate_writes_nothing() {
    // Nothing else writes on this server.
    let server = quiet(&[]);
    let store = MySqlStore::connect(server.url()).await.unwrap();
    done(&store, key("t", 1), &[7; 200]).await;
    claimed(store.claim(&request(key("t", 2))).await.unwrap());
    let mut raw = connect(server.url()).await;
    let long_ago = format!("UPDATE idem_records SET {LONG_AGO} WHERE state = 'completed'");
    sqlx::raw_sql(AssertSqlSafe(long_ago)).execute(&mut raw).await.unwrap();
    let before = written(&mut raw).await;
    for _ in 0..200 {
        assert_eq!(word(&store.claim(&request(key("t", 1))).await.unwrap()), "completed");
        assert_eq!(word(&store.claim(&request(key("t", 2))).await.unwrap()), "running");
    }
    assert_eq!(written(&mut raw).await, before);
}

/// A server with a binary log shows a commit after it was kept.
#[tokio::test]
async fn a_duplicate_writes_nothing_beside_a_binary_log() {
    let server = quiet(&["--log-bin=log", "--sync-binlog=1"]);
    let store = MySqlStore::connect(server.url()).await.unwrap();
    done(&store, key("t", 1), b"x").await;
    let mut raw = connect(server.url()).await;
    let before = written(&mut raw).await;
    assert_eq!(word(&store.claim(&request(key("t", 1))).await.unwrap()), "completed");
    assert_eq!(written(&mut raw).await, before);
}

/// Where nothing else writes.
fn quiet(arguments: &[&str]) -> MySql {
    MySql::start(&[&["--innodb-stats-auto-recalc=0"], arguments].concat())
}

#[tokio::test]
async fn duplicates_of_what_was_just_done_share_the_commits_that_they_wait_for() {
    const DUPLICATES: usize = 16;
    let server = quiet(&[]);
    let store = MySqlStore::builder(server.url()).max_connections(DUPLICATES).timeout(Duration::from_secs(60));
    let store = store.open().await.unwrap();
    done(&store, key("t", 1), b"x").await;
    let mut raw = connect(server.url()).await;
    let before = (count(&mut raw, "Com_commit").await, count(&mut raw, "Com_insert_select").await);
    // The first commit waits here until all have asked.
    let mut lock = connect(server.url()).await;
    let mut lock = lock.begin().await.unwrap();
    sqlx::raw_sql("SELECT * FROM idem_records FOR UPDATE").execute(&mut *lock).await.unwrap();
    let ask = |store: MySqlStore| async move { word(&store.claim(&request(key("t", 1))).await.unwrap()) };
    let asked: Vec<_> = (0..DUPLICATES).map(|_| tokio::spawn(ask(store.clone()))).collect();
    let all = async {
        while count(&mut raw, "Com_insert_select").await < before.1 + DUPLICATES || busy(&mut raw).await > 1 {}
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("every duplicate has asked");
    assert!(asked.iter().all(|asked| !asked.is_finished()), "told before it is kept");
    lock.rollback().await.unwrap();
    for asked in asked {
        assert_eq!(asked.await.unwrap(), "completed");
    }
    let commits = count(&mut raw, "Com_commit").await - before.0;
    assert!((1..=DUPLICATES / 4).contains(&commits), "{commits} commits");
}

/// How many other connections wait for an answer.
async fn busy(raw: &mut MySqlConnection) -> i64 {
    let busy = "SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Query' AND id <> CONNECTION_ID()";
    sqlx::query_scalar(busy).fetch_one(raw).await.unwrap()
}

/// A figure of the server's.
async fn count(raw: &mut MySqlConnection, name: &str) -> usize {
    let status = sqlx::query(AssertSqlSafe(format!("SHOW GLOBAL STATUS LIKE '{name}'")));
    status.fetch_one(raw).await.unwrap().get::<String, _>(1).parse().unwrap()
}

/// How many rows were written, and changed, so far.
async fn written(raw: &mut MySqlConnection) -> Vec<String> {
    let status = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Handler_write', 'Handler_update', 'Handler_delete')";
    let status = sqlx::raw_sql(status).fetch_all(raw).await.unwrap();
    status.iter().map(|row| format!("{}: {}", row.get::<String, _>(0), row.get::<String, _>(1))).collect()
}
