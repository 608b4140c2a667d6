//! The sweep removes what is over, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use idem_runtime::Store;
use idem_runtime::claim::{CompleteVerdict, RenewVerdict};
use sqlx::{AssertSqlSafe, Connection};

use crate::support::{Bench, DAY, LEASE, completion, done, hex, key, literal, renewal, request};

#[tokio::test]
async fn a_sweep_removes_what_is_over_and_no_more_than_its_limit() {
    let bench = Bench::new().await;
    done(&bench.store, key("fresh", 1), b"x").await;
    bench.claim(&request(key("running", 1))).await;
    for n in 0..30 {
        done(&bench.store, key("done", n), b"x").await;
    }
    bench.sql("UPDATE idem_records SET expires_at = 7 WHERE task = 'done'").await;
    for (limit, removed) in [(0, 0), (1, 1), (9, 9), (usize::MAX, 20), (usize::MAX, 0)] {
        let report = bench.store.sweep(limit).await.unwrap();
        assert_eq!((report.removed, report.stale.len(), report.bad.len()), (removed, 0, 0), "{limit}");
    }
    assert_eq!(bench.count().await, 2);
}

#[tokio::test]
async fn a_sweep_gets_past_more_bad_rows_than_it_looks_at_or_names() {
    let bench = Bench::new().await;
    done(&bench.store, key("model", 1), b"x").await;
    // Their labels are of another digest: they do not read, and stay.
    let copy = "INSERT INTO idem_records SELECT UNHEX(SHA2(CONCAT(`key`, (SELECT COUNT(*) FROM idem_records)), 256)), label, task,
        version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale,
        max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, 7, format, no_result, result, revision FROM idem_records";
    for _ in 0..11 {
        bench.sql(copy).await;
    }
    bench.sql("UPDATE idem_records SET expires_at = 8 WHERE expires_at > 7").await;
    let report = bench.store.sweep(usize::MAX).await.unwrap();
    assert_eq!((report.removed, report.bad.len(), bench.count().await), (1, 1_000, 2_047));
}

#[tokio::test]
async fn claims_whose_owner_is_gone_are_named_and_left() {
    let bench = Bench::new().await;
    let gone = request(key("gone", 1));
    bench.claim(&gone).await;
    bench.age(LEASE).await;
    bench.claim(&request(key("live", 1))).await;
    let report = bench.store.sweep(1_000).await.unwrap();
    assert_eq!((report.removed, report.stale), (0, vec![gone.key.clone()]));
    let renewed = bench.store.renew(&[renewal(&gone)]).await.unwrap();
    assert_eq!(renewed, [Ok(RenewVerdict::Renewed)], "not taken from its owner");
    assert_eq!(bench.store.sweep(1_000).await.unwrap().stale, []);
}

#[tokio::test]
async fn rows_that_do_not_read_are_named_and_left_and_those_behind_them_go() {
    let bench = Bench::new().await;
    for n in 0..6 {
        done(&bench.store, key("t", n), b"x").await;
    }
    bench.age(DAY).await;
    let mut expected = Vec::new();
    for (n, damage) in [(0, "state = 'dancing'"), (1, "format = 9")] {
        bench.set(&key("t", n), damage).await;
        expected.push(hex(key("t", n).digest()));
    }
    let report = bench.store.sweep(1_000).await.unwrap();
    let mut named: Vec<_> = report.bad.into_iter().map(|(digest, _)| digest).collect();
    named.sort();
    expected.sort();
    assert_eq!((report.removed, named, bench.count().await), (4, expected, 2));
}

#[tokio::test]
async fn what_somebody_works_on_is_not_waited_for() {
    let bench = Bench::new().await;
    for n in 0..2 {
        done(&bench.store, key("t", n), b"x").await;
    }
    bench.age(DAY).await;
    let mut raw = bench.database.raw().await;
    let mut transaction = raw.begin().await.unwrap();
    let lock = format!("SELECT 1 FROM idem_records WHERE `key` = {} FOR UPDATE", literal(key("t", 0).digest()));
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *transaction).await.unwrap();
    assert_eq!(bench.store.sweep(1_000).await.unwrap().removed, 1);
    transaction.rollback().await.unwrap();
    assert_eq!(bench.store.sweep(1_000).await.unwrap().removed, 1);
}

/// Records end their time over and over while they are claimed anew and swept by four.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweeps_beside_live_work_take_nothing_that_lives() {
    let bench = Arc::new(Bench::new().await);
    let ended = Arc::new(AtomicBool::new(false));
    let sweeper = |_| {
        let (bench, ended) = (Arc::clone(&bench), Arc::clone(&ended));
        tokio::spawn(async move {
            let (mut sweeps, mut removed) = (0, 0);
            while !ended.load(Ordering::SeqCst) {
                removed += bench.store.sweep(3).await.unwrap().removed;
                sweeps += 1;
            }
            (sweeps, removed)
        })
    };
    let sweepers: Vec<_> = (0..4).map(sweeper).collect();
    for _ in 0..60 {
        for n in 0..4 {
            let claim = request(key("t", n));
            let granted = bench.claim(&claim).await;
            assert_eq!(bench.store.renew(&[renewal(&claim)]).await.unwrap(), [Ok(RenewVerdict::Renewed)]);
            let verdict = bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
            assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
        }
        bench.age(DAY).await;
    }
    ended.store(true, Ordering::SeqCst);
    let (mut sweeps, mut removed) = (0, 0);
    for sweeper in sweepers {
        let (more, gone) = sweeper.await.unwrap();
        (sweeps, removed) = (sweeps + more, removed + gone);
    }
    eprintln!("{sweeps} sweeps removed {removed} records beside 240 calls");
    assert!(removed > 0);
}

/// A retention of nothing, and another process that sweeps all the time: it may come between the writing of a completion and
/// the look at it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_completion_that_is_swept_at_once_was_one() {
    let bench = Arc::new(Bench::new().await);
    let ended = Arc::new(AtomicBool::new(false));
    let sweepers: Vec<_> = (0..2)
        .map(|_| {
            let (bench, ended) = (Arc::clone(&bench), Arc::clone(&ended));
            tokio::spawn(async move {
                while !ended.load(Ordering::Acquire) {
                    bench.sql("DELETE FROM idem_records WHERE state = 'completed'").await;
                }
            })
        })
        .collect();
    for n in 0..300 {
        let claim = request(key("t", n));
        let granted = bench.claim(&claim).await;
        let completed = bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
        assert!(matches!(&completed, CompleteVerdict::Completed { restored: false, .. }), "{n}: {completed:?}");
    }
    ended.store(true, Ordering::Release);
    for sweeper in sweepers {
        sweeper.await.unwrap();
    }
}
