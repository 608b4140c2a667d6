//! A store on the application's own pool.

use std::future::poll_fn;
use std::task::Poll;

use idem_runtime::claim::{ClaimVerdict, RenewVerdict};
use idem_runtime::testing::proxy::{Proxy, WireFault};
use idem_runtime::{MySqlStore, Store, StoreError};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{Executor, MySqlPool};

use crate::support::{Bench, claimed, done, key, renewal, request, run_each_key_once};

async fn pool(bench: &Bench, most: u32) -> MySqlPool {
    MySqlPoolOptions::new().max_connections(most).connect(&bench.database.url).await.unwrap()
}

#[tokio::test]
async fn a_pool_s_store_shares_the_records_and_leaves_its_sessions_alone() {
    let bench = Bench::new().await;
    let pool = pool(&bench, 1).await;
    let sessions = "SELECT CONCAT_WS(' ', @@sql_mode, @@innodb_lock_wait_timeout, @@autocommit, @@time_zone,
                    @@character_set_client, @@completion_type)";
    let before: String = sqlx::query_scalar(sessions).fetch_one(&pool).await.unwrap();
    let store = MySqlStore::from_pool(pool.clone()).await.unwrap();
    done(&store, key("t", 1), b"x").await;
    assert!(matches!(bench.store.claim(&request(key("t", 1))).await.unwrap(), ClaimVerdict::Completed(_)));
    assert_eq!(pool.size(), 1);
    let after: String = sqlx::query_scalar(sessions).fetch_one(&pool).await.unwrap();
    assert_eq!(before, after);
}

/// The application's next statement on the connection is its own: not one of a transaction that nobody ends.
#[tokio::test]
async fn a_call_that_is_dropped_leaves_no_transaction_in_the_pool() {
    let bench = Bench::new().await;
    let proxy = Proxy::before(&bench.database.url).unwrap();
    let url = proxy.url(&bench.database.url).unwrap();
    let pool = MySqlPoolOptions::new().max_connections(1).test_before_acquire(false).connect(&url).await.unwrap();
    let store = MySqlStore::from_pool(pool.clone()).await.unwrap();
    let claim = request(key("t", 1));
    for fault in [WireFault::HoldRequest, WireFault::HoldReply] {
        proxy.always(fault);
        let mut asked = store.claim(&claim);
        assert!(poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await.is_pending(), "who answered?");
        drop(asked);
        proxy.heal();
        proxy.release();
        let open: u64 = sqlx::query_scalar("SELECT @@in_transaction").fetch_one(&pool).await.unwrap();
        assert_eq!(open, 0, "{fault:?}");
        claimed(store.claim(&claim).await.unwrap());
    }
}

#[tokio::test]
async fn heartbeats_do_not_wait_for_the_pool() {
    let bench = Bench::new().await;
    let pool = pool(&bench, 1).await;
    let store = MySqlStore::from_pool(pool.clone()).await.unwrap();
    let keeper = store.keeper().await.unwrap();
    let claim = request(key("t", 1));
    claimed(store.claim(&claim).await.unwrap());
    let _all_of_it = pool.acquire().await.unwrap();
    assert_eq!(keeper.renew(&[renewal(&claim)]).await.unwrap(), [Ok(RenewVerdict::Renewed)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_of_a_pool_s_and_of_another_store_run_each_key_once() {
    let bench = Bench::new().await;
    let pooled = MySqlStore::from_pool(pool(&bench, 6).await).await.unwrap();
    run_each_key_once(bench.store.clone(), pooled).await;
}

/// What was claimed in a serializable or a read-only session is there for others, and later.
#[tokio::test]
async fn sessions_of_any_isolation_will_do() {
    let bench = Bench::new().await;
    let pool = MySqlPoolOptions::new().max_connections(2).after_connect(|connection, _| {
        Box::pin(async move {
            let set = "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY; SET SESSION autocommit = 0";
            connection.execute(sqlx::raw_sql(set)).await.map(drop)
        })
    });
    let store = MySqlStore::from_pool(pool.connect(&bench.database.url).await.unwrap()).await.unwrap();
    done(&store, key("t", 1), b"x").await;
    assert!(matches!(bench.store.claim(&request(key("t", 1))).await.unwrap(), ClaimVerdict::Completed(_)));
    bench.claim(&request(key("t", 2))).await;
    assert!(matches!(store.claim(&request(key("t", 2))).await.unwrap(), ClaimVerdict::Running { .. }));
}

#[tokio::test]
async fn sessions_that_would_change_what_is_kept_are_refused() {
    let bench = Bench::new().await;
    for (set, expected) in [
        ("SET SESSION sql_mode = 'ANSI_QUOTES'", "add STRICT_ALL_TABLES"),
        ("SET NAMES latin1", "`SET NAMES utf8mb4`"),
        ("SET SESSION completion_type = 'CHAIN'", "set it to `NO_CHAIN`"),
    ] {
        let pool = MySqlPoolOptions::new().after_connect(move |connection, _| {
            Box::pin(async move { connection.execute(sqlx::raw_sql(set)).await.map(drop) })
        });
        let error = MySqlStore::from_pool(pool.connect(&bench.database.url).await.unwrap()).await.unwrap_err();
        assert!(matches!(&error, StoreError::Schema { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_pool_without_a_database_is_refused() {
    let bench = Bench::new().await;
    let (server, _) = bench.database.url.rsplit_once('/').unwrap();
    let options: MySqlConnectOptions = server.parse().unwrap();
    let pool = MySqlPoolOptions::new().connect_with(options).await.unwrap();
    let error = MySqlStore::from_pool(pool).await.unwrap_err().to_string();
    assert!(error.contains("names no database"), "{error}");
}
