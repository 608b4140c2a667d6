//! Connections that die, that are all in use, and what every one of them is set to.

use std::time::Duration;

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, RenewVerdict};
use idem_runtime::testing::proxy::{Proxy, WireFault};
use idem_runtime::{PostgresStore, Store, StoreError};

use crate::support::{Bench, calls_while, claimed, completion, done, key, persistent, renewal, request, with_user};

fn with(url: &str, option: &str) -> String {
    format!("{url}{}{option}", if url.contains('?') { '&' } else { '?' })
}

#[tokio::test]
async fn commits_are_durable_whatever_the_url_and_the_role_say() {
    let bench = Bench::new().await;
    let role = format!("{}_hasty", bench.schema.name);
    let schema = &bench.schema.name;
    bench
        .sql(&format!(
            "CREATE ROLE {role} LOGIN SUPERUSER; ALTER ROLE {role} SET synchronous_commit = off;
             ALTER ROLE {role} SET default_transaction_isolation = 'serializable'"
        ))
        .await;
    let url = with_user(&bench.schema.url, &role);
    let url = with(&url, "options=-c%20synchronous_commit%3Dlocal");
    let store = PostgresStore::builder(&url).schema(schema).open().await.unwrap();
    let keeper = store.keeper().await.unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let pooled = PostgresStore::pool_builder(pool.clone()).schema(schema).open().await.unwrap();
    let stores: [&dyn Store; 3] = [&store, &*keeper, &pooled];
    for store in stores {
        let settings = store.describe().await.unwrap().settings;
        let value = |name| settings.iter().find(|setting| setting.name == name).unwrap().value.clone();
        assert_eq!(
            (value("synchronous_commit").as_str(), value("transaction_isolation").as_str()),
            ("on", "read committed")
        );
    }
    let of_the_pool: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&pool).await.unwrap();
    assert_eq!(of_the_pool, "local", "the application's connections stay as they were");
    pool.close().await;
    drop((store, keeper, pooled));
    let dropped = format!("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}; DROP ROLE {role}");
    bench.sql(&dropped).await;
}

#[tokio::test]
async fn whoever_asks_for_more_than_durable_gets_it() {
    let bench = Bench::new().await;
    let url = with(&bench.schema.url, "options=-c%20synchronous_commit%3Dremote_apply");
    let store = PostgresStore::builder(&url).schema(&bench.schema.name).open().await.unwrap();
    let settings = store.describe().await.unwrap().settings;
    assert_eq!((settings[0].name.as_str(), settings[0].value.as_str()), ("synchronous_commit", "remote_apply"));
}

#[tokio::test]
async fn idle_connections_that_were_terminated_cost_nothing_but_time() {
    let bench = Bench::new().await;
    let claim = request(key("t", 1));
    let granted = bench.claim(&claim).await;
    for n in 0..20 {
        terminate_all(&bench).await;
        let renewed = bench.store.renew(&[renewal(&claim)]).await.unwrap();
        assert_eq!(renewed, [Ok(RenewVerdict::Renewed)], "round {n}");
    }
    terminate_all(&bench).await;
    let done = bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
    assert!(matches!(done, CompleteVerdict::Completed { restored: false, .. }), "{done:?}");
}

/// Ends every connection of the bench's stores.
async fn terminate_all(bench: &Bench) {
    let schema = &bench.schema.name;
    let ours = format!(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND query LIKE '%{schema}%'"
    );
    bench.sql(&ours).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn terminated_in_the_middle_nothing_is_done_twice_and_nothing_is_lost() {
    let bench = Bench::new().await;
    calls_while(&bench.neighbour().await, 60, || terminate_all(&bench)).await;
    assert_eq!(bench.count().await, 480);
}

#[tokio::test]
async fn a_lost_request_and_a_lost_reply_are_told_apart_by_the_owner() {
    let bench = Bench::new().await;
    let proxy = Proxy::before(&bench.schema.url).unwrap();
    let url = proxy.url(&bench.schema.url).unwrap();
    let store = PostgresStore::builder(&url).schema(&bench.schema.name).open().await.unwrap();
    for (n, fault) in [WireFault::LoseRequest, WireFault::LoseReply].into_iter().cycle().take(40).enumerate() {
        let claim = request(key("t", u64::try_from(n).unwrap()));
        proxy.next_holding("claim", fault);
        proxy.next(fault);
        let granted = claimed(persistent(|| store.claim(&claim)).await);
        assert_eq!(granted.attempt, 1);
        let completion = completion(&claim, &granted, b"x");
        proxy.next(fault);
        let done = persistent(|| store.complete(&completion)).await;
        assert!(matches!(done, CompleteVerdict::Completed { restored: false, .. }), "{done:?}");
        proxy.heal();
    }
    assert!(proxy.faults() >= 40, "{}", proxy.faults());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_beyond_the_time_out() {
    let bench = Bench::new().await;
    let proxy = Proxy::before(&bench.schema.url).unwrap();
    let url = proxy.url(&bench.schema.url).unwrap();
    let store = PostgresStore::builder(&url).schema(&bench.schema.name).timeout(Duration::from_secs(1));
    let store = store.open().await.unwrap();
    done(&store, key("t", 1), b"x").await;
    proxy.always(WireFault::HoldRequest);
    let claim = request(key("t", 2));
    let error = store.claim(&claim).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("no answer within 1s"), "{error}");
    proxy.heal();
    claimed(store.claim(&claim).await.unwrap());
}

#[tokio::test]
async fn with_all_connections_in_use_callers_wait_their_turn() {
    let bench = Bench::new().await;
    let store = PostgresStore::builder(&bench.schema.url).schema(&bench.schema.name).max_connections(1);
    let store = store.timeout(Duration::from_secs(2)).open().await.unwrap();
    let claim = request(key("t", 1));
    claimed(store.claim(&claim).await.unwrap());
    let mut raw = bench.schema.raw().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE idem_records IN ACCESS EXCLUSIVE MODE").execute(&mut raw).await.unwrap();
    let (first, again) = (request(key("t", 2)), request(key("t", 3)));
    let (locked, behind) = tokio::join!(store.claim(&first), store.claim(&again));
    let locked = locked.unwrap_err().to_string();
    assert!(locked.contains("another transaction holds the record"), "{locked}");
    assert!(matches!(behind, Err(StoreError::Unavailable { .. })), "{behind:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut raw).await.unwrap();
    claimed(store.claim(&again).await.unwrap());
    assert!(matches!(store.claim(&request(claim.key.clone())).await.unwrap(), ClaimVerdict::Running { .. }));
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

/// One row that somebody holds costs its own claim time, and no other claim its lease.
#[tokio::test]
async fn a_renewal_of_many_claims_survives_a_row_that_another_holds() {
    let bench = Bench::new().await;
    let requests: Vec<_> = (0..5).map(|number| request(key("renew", number))).collect();
    for request in &requests {
        bench.claim(request).await;
    }
    let mut holder = bench.schema.raw().await;
    let held = requests[2].key.digest().as_slice();
    sqlx::raw_sql("BEGIN").execute(&mut holder).await.unwrap();
    let lock = sqlx::query("SELECT 1 FROM idem_records WHERE key = $1 FOR UPDATE").bind(held);
    lock.execute(&mut holder).await.unwrap();
    let renewals: Vec<_> = requests.iter().map(renewal).collect();
    let answers = bench.store.renew(&renewals).await.unwrap();
    let renewed: Vec<_> = answers.iter().map(|answer| matches!(answer, Ok(RenewVerdict::Renewed))).collect();
    assert_eq!(renewed, [true, true, false, true, true], "{answers:?}");
    assert!(matches!(answers[2], Err(StoreError::Busy { .. })), "{answers:?}");
}

/// A connection belongs to the runtime that opened it; those of runtimes that are gone are closed when room is needed.
#[test]
fn connections_of_runtimes_that_are_gone_are_no_more_than_the_limit() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = runtime().block_on(Bench::new());
    let named = with(&bench.schema.url, &format!("application_name={}", bench.schema.name));
    let store = PostgresStore::builder(&named).schema(&bench.schema.name).max_connections(2);
    let store = runtime().block_on(store.open()).unwrap();
    for number in 0..12 {
        runtime().block_on(done(&store, key("runtimes", number), b"result"));
    }
    let open = runtime().block_on(async {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
        let mut raw = bench.schema.raw().await;
        sqlx::query_scalar::<_, i64>(count).bind(&bench.schema.name).fetch_one(&mut raw).await.unwrap()
    });
    // One may still be on its way out.
    assert!(open <= 3, "{open} connections are open, and two may be");
}
