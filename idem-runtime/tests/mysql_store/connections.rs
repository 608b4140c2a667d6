//! Connections that die, that are all in use, and what every one of them is set to.

use std::time::Duration;

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, RenewVerdict};
use idem_runtime::testing::proxy::{Proxy, WireFault};
use idem_runtime::{MySqlStore, Store, StoreError};
use idem_test_servers::MySql;
use sqlx::AssertSqlSafe;

use crate::support::{
    Bench, calls_while, claimed, completion, connect, done, failure, key, literal, number, persistent, renewal, request,
};

/// What a server may have been set to by those who run it.
const HOSTILE: &[&str] = &[
    "--sql-mode=ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH,NO_BACKSLASH_ESCAPES,SIMULTANEOUS_ASSIGNMENT,ORACLE",
    "--autocommit=0",
    "--transaction-isolation=SERIALIZABLE",
    "--transaction-read-only=1",
    "--completion-type=CHAIN",
    "--default-time-zone=-05:00",
    "--character-set-server=latin1",
    "--collation-server=latin1_german1_ci",
    "--default-storage-engine=Aria",
    "--sysdate-is-now=1",
    "--init-connect=SET sql_select_limit = 1, sql_safe_updates = 1, max_join_size = 1",
];

#[tokio::test]
async fn nothing_depends_on_what_the_server_s_sessions_are_set_to() {
    let server = MySql::start(HOSTILE);
    let mut raw = connect(server.url()).await;
    // What concerns new connections does not concern whoever has all rights.
    let worker =
        "SET SESSION TRANSACTION READ WRITE; CREATE USER worker IDENTIFIED BY ''; GRANT ALL ON mysql.* TO worker";
    sqlx::raw_sql(worker).execute(&mut raw).await.unwrap();
    let store = MySqlStore::connect(&server.url().replace("root@", "worker@")).await.unwrap();
    let keeper = store.keeper().await.unwrap();
    let mut renewals = Vec::new();
    for n in 0..3 {
        let claim = request(key("t", n));
        let granted = claimed(store.claim(&claim).await.unwrap());
        let now = number(&mut raw, "SELECT UNIX_TIMESTAMP()").await;
        assert!(granted.at.as_micros().abs_diff(now * 1_000_000) < 10_000_000, "{granted:?}, {now}");
        renewals.push(renewal(&claim));
    }
    assert_eq!(keeper.renew(&renewals).await.unwrap(), vec![Ok(RenewVerdict::Renewed); 3]);
    for store in [&store as &dyn Store, &*keeper] {
        assert_eq!(store.list(&Default::default()).await.unwrap().len(), 3);
    }
    done(&store, key("t", 9), b"x").await;
    let isolation = store.describe().await.unwrap().settings;
    assert!(isolation.iter().any(|setting| setting.value == "READ-COMMITTED"), "{isolation:?}");
    assert!(isolation.iter().any(|setting| setting.value == "InnoDB"), "{isolation:?}");
    // Others see at once what was answered.
    assert_eq!(number(&mut raw, "SELECT COUNT(*) FROM mysql.idem_records").await, 4);
}

/// Ends every connection of the bench's stores.
async fn kill_all(bench: &Bench) {
    let mut raw = connect(&idem_test_servers::mysql_url()).await;
    let ours =
        format!("SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE db = '{}'", bench.database.name);
    let ours: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(ours)).fetch_all(&mut raw).await.unwrap();
    for id in ours {
        // It may be gone already.
        _ = sqlx::raw_sql(AssertSqlSafe(format!("KILL CONNECTION {id}"))).execute(&mut raw).await;
    }
}

#[tokio::test]
async fn idle_connections_that_were_killed_cost_nothing_but_time() {
    let bench = Bench::new().await;
    let claim = request(key("t", 1));
    let granted = bench.claim(&claim).await;
    for n in 0..20 {
        kill_all(&bench).await;
        let renewed = bench.store.renew(&[renewal(&claim)]).await.unwrap();
        assert_eq!(renewed, [Ok(RenewVerdict::Renewed)], "round {n}");
    }
    kill_all(&bench).await;
    let done = bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
    assert!(matches!(done, CompleteVerdict::Completed { restored: false, .. }), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_in_the_middle_nothing_is_done_twice_and_nothing_is_lost() {
    let bench = Bench::new().await;
    calls_while(&bench.neighbour().await, 40, || kill_all(&bench)).await;
    assert_eq!(bench.count().await, 320);
}

/// A store behind a proxy, with one connection that is open.
async fn behind_a_proxy(bench: &Bench, timeout: Duration) -> (MySqlStore, Proxy) {
    let proxy = Proxy::before(&bench.database.url).unwrap();
    let url = proxy.url(&bench.database.url).unwrap();
    let store = MySqlStore::builder(&url).timeout(timeout).max_connections(1).open().await.unwrap();
    store.get(&key("t", 0)).await.unwrap();
    (store, proxy)
}

#[tokio::test]
async fn a_lost_request_and_a_lost_reply_are_told_apart_by_the_owner() {
    let bench = Bench::new().await;
    let (store, proxy) = behind_a_proxy(&bench, Duration::from_secs(5)).await;
    for (n, fault) in (0..40).zip([WireFault::LoseRequest, WireFault::LoseReply].into_iter().cycle()) {
        let claim = request(key("t", n));
        proxy.next(fault);
        let granted = claimed(persistent(|| store.claim(&claim)).await);
        assert_eq!(granted.attempt, 1);
        let completion = completion(&claim, &granted, b"x");
        proxy.next(fault);
        let done = persistent(|| store.complete(&completion)).await;
        assert!(matches!(done, CompleteVerdict::Completed { restored: false, .. }), "{done:?}");
    }
    assert_eq!(proxy.faults(), 80);
    assert_eq!(bench.count().await, 40);
}

/// The packet of a completion arrives after its caller gave up, asked again, and somebody cleared and claimed the key.
#[tokio::test]
async fn a_completion_that_arrives_late_is_no_longer_one() {
    let bench = Bench::new().await;
    let (store, proxy) = behind_a_proxy(&bench, Duration::from_millis(300)).await;
    let claim = request(key("t", 1));
    let late = completion(&claim, &bench.claim(&claim).await, b"late");
    proxy.next(WireFault::HoldRequest);
    let error = store.complete(&late).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    bench.store.fail(&failure(&claim, idem_runtime::claim::Failure::Release)).await.unwrap();
    let next = request(claim.key.clone());
    let granted = bench.claim(&next).await;
    let answers = proxy.answers();
    proxy.release();
    // Its caller has hung up, so that there may be no answer to wait for; whatever comes of it, the claim stands.
    _ = tokio::time::timeout(Duration::from_millis(300), proxy.answered(answers + 1)).await;
    let found = bench.store.get(&claim.key).await.unwrap().unwrap();
    assert_eq!((found.owner, found.fence), (next.owner, granted.fence));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_beyond_the_time_out() {
    let bench = Bench::new().await;
    let (store, proxy) = behind_a_proxy(&bench, Duration::from_millis(300)).await;
    proxy.always(WireFault::HoldRequest);
    let claim = request(key("t", 2));
    let error = store.claim(&claim).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("no answer within 300ms"), "{error}");
    proxy.heal();
    claimed(store.claim(&claim).await.unwrap());
}

#[tokio::test]
async fn a_record_that_another_transaction_holds_is_waited_for_and_then_said() {
    let bench = Bench::new().await;
    let store = MySqlStore::builder(&bench.database.url).max_connections(1).timeout(Duration::from_millis(1_900));
    let store = store.open().await.unwrap();
    let claim = request(key("t", 1));
    let granted = claimed(store.claim(&claim).await.unwrap());
    let mut raw = bench.database.raw().await;
    let hold = format!(
        "START TRANSACTION; SELECT 1 FROM idem_records WHERE `key` = {} FOR UPDATE",
        literal(claim.key.digest())
    );
    sqlx::raw_sql(AssertSqlSafe(hold)).execute(&mut raw).await.unwrap();
    let (done, other) = (completion(&claim, &granted, b"x"), request(key("t", 2)));
    let (locked, behind) = tokio::join!(store.complete(&done), store.claim(&other));
    let locked = locked.unwrap_err().to_string();
    assert!(locked.contains("another transaction holds the record"), "{locked}");
    claimed(behind.unwrap());
    sqlx::raw_sql("ROLLBACK").execute(&mut raw).await.unwrap();
    store.complete(&done).await.unwrap();
    assert!(matches!(store.claim(&request(claim.key.clone())).await.unwrap(), ClaimVerdict::Completed(_)));
}

#[test]
fn a_store_is_used_by_one_runtime_after_the_other() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = runtime().block_on(Bench::new());
    for n in 0..5 {
        runtime().block_on(done(&bench.store, key("t", n), b"x"));
    }
    assert_eq!(runtime().block_on(bench.count()), 5);
}
