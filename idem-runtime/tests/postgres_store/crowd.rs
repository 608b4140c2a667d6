//! Many at once on few keys: one runs, everybody is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, Failure};
use idem_runtime::{PostgresStore, Store};
use sqlx::PgConnection;
use sqlx::postgres::PgPoolOptions;

use crate::support::{Bench, claimed, completion, done, failure, key, request};

const KEYS: u64 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_of_each_of_two_stores_run_each_key_once() {
    let bench = Bench::new().await;
    run_each_key_once(bench.store.clone(), bench.neighbour().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_over_an_application_s_pool() {
    let bench = Bench::new().await;
    let pool = PgPoolOptions::new().max_connections(6).connect(&bench.schema.url).await.unwrap();
    let pooled = PostgresStore::pool_builder(pool).schema(&bench.schema.name).open().await.unwrap();
    run_each_key_once(bench.store.clone(), pooled).await;
}

async fn run_each_key_once(one: PostgresStore, other: PostgresStore) {
    let bodies = Arc::new((0..KEYS).map(|_| AtomicU64::new(0)).collect::<Vec<_>>());
    let tasks = (0..128_u64).map(|task| {
        let store = if task % 2 == 0 { one.clone() } else { other.clone() };
        let bodies = Arc::clone(&bodies);
        tokio::spawn(async move {
            for n in 0..KEYS {
                call(&store, (n + task) % KEYS, &bodies, task % 5 == 0).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    for body in bodies.iter() {
        assert_eq!(body.load(Ordering::SeqCst), 1);
    }
}

/// Claims until somebody has completed the key; some give the claim back first.
async fn call(store: &PostgresStore, number: u64, bodies: &[AtomicU64], mut fickle: bool) {
    loop {
        let claim = request(key("t", number));
        match store.claim(&claim).await.unwrap() {
            ClaimVerdict::Completed(_) => return,
            ClaimVerdict::Running { .. } => tokio::task::yield_now().await,
            ClaimVerdict::Claimed(_) if fickle => {
                store.fail(&failure(&claim, Failure::NotStarted)).await.unwrap();
                fickle = false;
            }
            ClaimVerdict::Claimed(granted) => {
                bodies[usize::try_from(number).unwrap()].fetch_add(1, Ordering::SeqCst);
                let done = store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
                assert!(matches!(done, CompleteVerdict::Completed { restored: false, .. }), "{done:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn sql(raw: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(raw).await.unwrap();
}

#[tokio::test]
async fn a_duplicate_does_not_wait_for_whoever_holds_the_row() {
    let bench = Bench::new().await;
    done(&bench.store, key("t", 1), b"x").await;
    bench.claim(&request(key("t", 2))).await;
    let mut raw = bench.schema.raw().await;
    sql(&mut raw, "BEGIN; UPDATE idem_records SET host = 'somebody'").await;
    assert!(matches!(bench.store.claim(&request(key("t", 1))).await.unwrap(), ClaimVerdict::Completed(_)));
    assert!(matches!(bench.store.claim(&request(key("t", 2))).await.unwrap(), ClaimVerdict::Running { .. }));
    sql(&mut raw, "ROLLBACK").await;
}

#[tokio::test]
async fn a_rival_s_new_row_is_waited_for_and_counts_if_it_is_committed() {
    for (end, granted) in [("COMMIT", false), ("ROLLBACK", true)] {
        let bench = Bench::new().await;
        let first = bench.claim(&request(key("t", 1))).await;
        let mut raw = bench.schema.raw().await;
        sql(&mut raw, "CREATE TABLE rival AS SELECT * FROM idem_records; TRUNCATE idem_records").await;
        sql(&mut raw, "BEGIN; INSERT INTO idem_records SELECT * FROM rival").await;
        let store = bench.store.clone();
        let waiting = tokio::spawn(async move { store.claim(&request(key("t", 1))).await.unwrap() });
        waits_for_a_lock(&bench).await;
        sql(&mut raw, end).await;
        match waiting.await.unwrap() {
            ClaimVerdict::Running { record, .. } if !granted => assert_eq!(record.fence, first.fence),
            verdict if granted => assert!(claimed(verdict).fence > first.fence),
            other => panic!("{end}: {other:?}"),
        }
    }
}

async fn waits_for_a_lock(bench: &Bench) {
    let mut raw = bench.schema.raw().await;
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'";
    while 0 == sqlx::query_scalar::<_, i64>(waits).bind(&bench.schema.name).fetch_one(&mut raw).await.unwrap() {
        tokio::task::yield_now().await;
    }
}
