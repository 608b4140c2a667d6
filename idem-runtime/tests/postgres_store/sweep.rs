//! The sweep removes what is over, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use idem_runtime::Store;
use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, RenewVerdict};

use crate::support::{Bench, DAY, LEASE, claimed, completion, done, hex, key, renewal, request};

#[tokio::test]
async fn a_sweep_removes_what_is_over_and_no_more_than_its_limit() {
    let bench = Bench::new().await;
    done(&bench.store, key("model", 1), b"x").await;
    bench.age(DAY).await;
    let more = "INSERT INTO idem_records SELECT (jsonb_populate_record(r, jsonb_build_object('key',
            '\\x' || lpad(to_hex(n), 64, '0')))).* FROM idem_records r, generate_series(1, 1202) AS n";
    bench.sql(more).await;
    // Their labels are of another digest: they do not read, and stay.
    let report = bench.store.sweep(usize::MAX).await.unwrap();
    assert_eq!((report.removed, report.bad.len(), bench.count().await), (1, 1_000, 1_202));
    bench.sql("TRUNCATE idem_records").await;
    for n in 0..30 {
        done(&bench.store, key("done", n), b"x").await;
    }
    bench.age(DAY).await;
    done(&bench.store, key("fresh", 1), b"x").await;
    bench.claim(&request(key("running", 1))).await;
    for (limit, removed) in [(0, 0), (1, 1), (9, 9), (usize::MAX, 20), (usize::MAX, 0)] {
        let report = bench.store.sweep(limit).await.unwrap();
        assert_eq!((report.removed, report.stale.len(), report.bad.len()), (removed, 0, 0), "{limit}");
    }
    assert_eq!(bench.count().await, 2);
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
    assert_eq!(
        bench.store.renew(&[renewal(&gone)]).await.unwrap(),
        [Ok(RenewVerdict::Renewed)],
        "not taken from its owner"
    );
    assert_eq!(bench.store.sweep(1_000).await.unwrap().stale, []);
}

#[tokio::test]
async fn rows_that_do_not_read_are_named_and_left_and_those_behind_them_go() {
    let bench = Bench::new().await;
    for n in 0..6 {
        done(&bench.store, key("t", n), b"x").await;
    }
    bench.age(DAY).await;
    let spoil = "UPDATE idem_records SET state = 'dancing' WHERE key = $1";
    sqlx::query(spoil).bind(key("t", 0).digest().as_slice()).execute(&mut bench.schema.raw().await).await.unwrap();
    let newer = "UPDATE idem_records SET format = 9 WHERE key = $1";
    sqlx::query(newer).bind(key("t", 1).digest().as_slice()).execute(&mut bench.schema.raw().await).await.unwrap();
    let report = bench.store.sweep(1_000).await.unwrap();
    let mut named: Vec<_> = report.bad.iter().map(|(digest, _)| digest.clone()).collect();
    let mut expected = vec![hex(key("t", 0).digest()), hex(key("t", 1).digest())];
    named.sort();
    expected.sort();
    assert_eq!((report.removed, named), (4, expected));
    assert_eq!(bench.count().await, 2);
}

#[tokio::test]
async fn what_somebody_works_on_is_not_waited_for() {
    let bench = Bench::new().await;
    for n in 0..2 {
        done(&bench.store, key("t", n), b"x").await;
    }
    bench.age(DAY).await;
    let mut raw = bench.schema.raw().await;
    sqlx::raw_sql("BEGIN").execute(&mut raw).await.unwrap();
    let lock =
        sqlx::query("SELECT 1 FROM idem_records WHERE key = $1 FOR UPDATE").bind(key("t", 0).digest().as_slice());
    lock.execute(&mut raw).await.unwrap();
    assert_eq!(bench.store.sweep(1_000).await.unwrap().removed, 1);
    sqlx::raw_sql("ROLLBACK").execute(&mut raw).await.unwrap();
    assert_eq!(bench.store.sweep(1_000).await.unwrap().removed, 1);
}

/// Records end their time over and over while they are claimed anew and swept by four.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweeps_beside_live_work_take_nothing_that_lives() {
    let bench = Arc::new(Bench::new().await);
    let ended = Arc::new(AtomicBool::new(false));
    let sweepers: Vec<_> = (0..4)
        .map(|_| {
            let (bench, ended) = (Arc::clone(&bench), Arc::clone(&ended));
            tokio::spawn(async move {
                let (mut sweeps, mut removed) = (0_u64, 0);
                while !ended.load(Ordering::SeqCst) {
                    removed += bench.store.sweep(3).await.unwrap().removed;
                    sweeps += 1;
                }
                (sweeps, removed)
            })
        })
        .collect();
    for round in 0..150 {
        for n in 0..4 {
            let claim = request(key("t", n));
            let granted = match bench.store.claim(&claim).await.unwrap() {
                ClaimVerdict::Claimed(granted) => granted,
                other => panic!("round {round}: {other:?}"),
            };
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
        sweeps += more;
        removed += gone;
    }
    eprintln!("{sweeps} sweeps removed {removed} records beside 600 calls");
    assert!(removed > 0);
    claimed(bench.store.claim(&request(key("t", 99))).await.unwrap());
}
