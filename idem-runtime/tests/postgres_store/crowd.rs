//! Many at once on few keys: one runs, everybody is answered.

use idem_runtime::claim::ClaimVerdict;
use idem_runtime::{PostgresStore, Store};
use sqlx::PgConnection;
use sqlx::postgres::PgPoolOptions;

use crate::support::{Bench, claimed, done, key, request, run_each_key_once};

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
