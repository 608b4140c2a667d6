//! A store on the application's own pool.

use idem_runtime::claim::{ClaimVerdict, RenewVerdict};
use idem_runtime::{PostgresStore, Store};
use sqlx::postgres::PgPoolOptions;

use crate::support::{Bench, claimed, done, key, renewal, request};

#[tokio::test]
async fn a_pool_s_store_shares_the_records() {
    let bench = Bench::new().await;
    let pool = PgPoolOptions::new().max_connections(1).connect(&bench.schema.url).await.unwrap();
    let store = PostgresStore::pool_builder(pool.clone()).schema(&bench.schema.name).open().await.unwrap();
    done(&store, key("t", 1), b"x").await;
    assert!(matches!(bench.store.claim(&request(key("t", 1))).await.unwrap(), ClaimVerdict::Completed(_)));
    assert_eq!(pool.size(), 1);
}

#[tokio::test]
async fn heartbeats_do_not_wait_for_the_pool() {
    let bench = Bench::new().await;
    let pool = PgPoolOptions::new().max_connections(1).connect(&bench.schema.url).await.unwrap();
    let store = PostgresStore::pool_builder(pool.clone()).schema(&bench.schema.name).open().await.unwrap();
    let keeper = store.keeper().await.unwrap();
    let claim = request(key("t", 1));
    claimed(store.claim(&claim).await.unwrap());
    let _all_of_it = pool.acquire().await.unwrap();
    assert_eq!(keeper.renew(&[renewal(&claim)]).await.unwrap(), [Ok(RenewVerdict::Renewed)]);
}
