//! Somebody else holds the file.

use std::time::{Duration, Instant};

use idem_runtime::claim::ClaimVerdict;
use idem_runtime::{SqliteStore, Store, StoreError};

use crate::support::{Bench, claimed, done, key, poll, request};

#[tokio::test]
async fn a_file_held_for_too_long_is_unavailable_and_free_again_afterwards() {
    let bench = Bench::new().await;
    let hurried = hurried(&bench, 50).await;
    let mut holder = bench.raw().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
    let error = hurried.claim(&request(key("t", 1))).await.unwrap_err();
    let StoreError::Unavailable { store, reason } = &error else { panic!("{error:?}") };
    assert!(error.is_unavailable());
    assert!(store.contains(&bench.path().display().to_string()), "{store}");
    assert!(reason.contains("held the file for 50ms") && reason.contains("`busy_timeout`"), "{reason}");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    claimed(hurried.claim(&request(key("t", 1))).await.unwrap());
}

#[tokio::test]
async fn a_claim_waits_for_a_file_that_is_held_for_a_while() {
    let bench = Bench::new().await;
    let mut holder = bench.raw().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
    let first = request(key("t", 1));
    let mut claim = bench.store.claim(&first);
    assert!(poll(&mut claim).is_pending());
    let (verdict, ()) = tokio::join!(claim, async {
        // Long enough that the first attempts find it held.
        let mut other = bench.raw().await;
        for _ in 0..20 {
            sqlx::raw_sql("SELECT count(*) FROM idem_records").execute(&mut other).await.unwrap();
        }
        sqlx::raw_sql("COMMIT").execute(&mut holder).await.unwrap();
    });
    claimed(verdict.unwrap());
}

#[tokio::test]
async fn those_in_line_do_not_wait_one_time_out_each() {
    let bench = Bench::new().await;
    let hurried = hurried(&bench, 400).await;
    let mut holder = bench.raw().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
    let begun = Instant::now();
    let line: Vec<_> = (0..20)
        .map(|n| {
            let store = hurried.clone();
            tokio::spawn(async move { store.claim(&request(key("t", n))).await })
        })
        .collect();
    for claim in line {
        assert!(matches!(claim.await.unwrap(), Err(StoreError::Unavailable { .. })));
    }
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_millis(350) && waited < Duration::from_secs(4), "{waited:?} for twenty in line");
}

#[tokio::test]
async fn a_file_held_by_a_reader_is_written_all_the_same() {
    let bench = Bench::new().await;
    done(&bench.store, key("t", 1), b"x").await;
    let mut reader = bench.raw().await;
    sqlx::raw_sql("BEGIN; SELECT * FROM idem_records").execute(&mut reader).await.unwrap();
    done(&bench.store, key("t", 2), b"x").await;
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM idem_records").fetch_one(&mut reader).await.unwrap();
    assert_eq!((seen, bench.count().await), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_claims_at_once_through_two_stores_one_is_granted() {
    let bench = Bench::new().await;
    let neighbour = bench.neighbour().await;
    for n in 0..20 {
        let claims: Vec<_> = (0..8)
            .map(|caller| {
                let store = if caller % 2 == 0 { bench.store.clone() } else { neighbour.clone() };
                tokio::spawn(async move { store.claim(&request(key("t", n))).await.unwrap() })
            })
            .collect();
        let mut granted = 0;
        for claim in claims {
            match claim.await.unwrap() {
                ClaimVerdict::Claimed(_) => granted += 1,
                ClaimVerdict::Running { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(granted, 1, "key {n}");
    }
}

async fn hurried(bench: &Bench, millis: u64) -> SqliteStore {
    let builder = SqliteStore::builder(bench.path()).clock(bench.clock.clone());
    builder.busy_timeout(Duration::from_millis(millis)).open().await.unwrap()
}
