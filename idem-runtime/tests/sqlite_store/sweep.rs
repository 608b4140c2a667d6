//! The sweep removes what is over, and nothing else.

use std::collections::HashSet;
use std::time::Duration;

use idem_runtime::Store;
use idem_runtime::claim::{ClaimVerdict, RenewRequest, RenewVerdict};

use crate::support::{Bench, DAY, LEASE, completion, done, hex, key, request};

#[tokio::test]
async fn expired_records_go_and_all_others_stay() {
    let bench = Bench::new().await;
    for n in 0..30 {
        done(&bench.store, key("done", n), b"x").await;
    }
    bench.clock.advance(DAY - Duration::from_micros(1));
    for n in 0..30 {
        done(&bench.store, key("fresh", n), b"x").await;
        bench.claim(&request(key("running", n))).await;
    }
    assert_eq!(bench.store.sweep(1_000).await.unwrap().removed, 0);
    bench.clock.advance(Duration::from_micros(1));
    let report = bench.store.sweep(1_000).await.unwrap();
    assert_eq!((report.removed, report.stale.len(), report.bad.len()), (30, 0, 0));
    assert_eq!(bench.count().await, 60);
}

#[tokio::test]
async fn a_sweep_removes_no_more_than_its_limit() {
    let bench = Bench::new().await;
    for n in 0..1_203 {
        bench.claim(&request(key("t", n))).await;
    }
    bench.clock.advance(LEASE + DAY);
    for (limit, left) in [(0, 1_203), (1, 1_202), (501, 701), (700, 1), (usize::MAX, 0), (usize::MAX, 0)] {
        bench.store.sweep(limit).await.unwrap();
        assert_eq!(bench.count().await, left, "after {limit}");
    }
}

#[tokio::test]
async fn claims_whose_owner_is_gone_are_named_and_left() {
    let bench = Bench::new().await;
    let gone = request(key("gone", 1));
    bench.claim(&gone).await;
    bench.clock.advance(LEASE / 2);
    bench.claim(&request(key("live", 1))).await;
    bench.clock.advance(LEASE / 2);
    let report = bench.store.sweep(1_000).await.unwrap();
    assert_eq!((report.removed, report.stale), (0, vec![gone.key.clone()]));
    let renew = [RenewRequest { key: gone.key.clone(), owner: gone.owner, lease: LEASE }];
    assert_eq!(bench.store.renew(&renew).await.unwrap(), [Ok(RenewVerdict::Renewed)], "not taken from its owner");
    assert_eq!(bench.store.sweep(1_000).await.unwrap().stale, []);
}

#[tokio::test]
async fn at_most_a_thousand_stale_claims_are_named() {
    let bench = Bench::new().await;
    bench.claim(&request(key("t", 1))).await;
    // Copies that share nothing but the label: they would not read, and so the report has to stop at bad ones, too.
    let copies = "INSERT INTO idem_records SELECT randomblob(32), label, task, version, scope_label, state, owner, fence, attempt,
        lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at,
        updated_at, completed_at, expires_at, format, no_result, result FROM idem_records";
    for _ in 0..11 {
        bench.sql(copies).await;
    }
    bench.clock.advance(LEASE);
    let report = bench.store.sweep(1_000).await.unwrap();
    assert_eq!(report.removed, 0);
    assert!(report.stale.len() + report.bad.len() <= 1_000 && report.bad.len() > 990, "{} bad", report.bad.len());
    bench.clock.advance(DAY);
    let report = bench.store.sweep(5_000).await.unwrap();
    assert_eq!((report.removed, report.bad.len()), (1, 1_000));
}

#[tokio::test]
async fn a_poisoned_row_is_named_and_the_others_go() {
    let bench = Bench::new().await;
    for n in 0..1_200 {
        bench.claim(&request(key("t", n))).await;
    }
    // The first to come up, a whole batch of them.
    let poison = "UPDATE idem_records SET state = 'dancing', expires_at = 1 WHERE key IN (SELECT key FROM idem_records ORDER BY key LIMIT 600)";
    bench.sql(poison).await;
    bench.sql("UPDATE idem_records SET format = 3, expires_at = 1 WHERE key IN (SELECT key FROM idem_records ORDER BY key DESC LIMIT 3)").await;
    bench.clock.advance(LEASE + DAY);
    let report = bench.store.sweep(10_000).await.unwrap();
    assert_eq!((report.removed, report.bad.len(), bench.count().await), (597, 603, 603));
    let newer = report.bad.iter().filter(|(_, reason)| reason.contains("format 3")).count();
    assert_eq!(newer, 3);
    let named: HashSet<_> = report.bad.into_iter().map(|(key, _)| key).collect();
    assert!((0..1_200).map(|n| hex(key("t", n).digest())).filter(|key| named.contains(key)).count() == 603);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeps_beside_live_work_take_nothing_that_lives() {
    let bench = Bench::new().await;
    let sweepers: Vec<_> = (0..2).map(|_| tokio::spawn(sweep_until_told(bench.store.clone(), bench.path()))).collect();
    for round in 0..60 {
        let claim = request(key("t", round % 7));
        match bench.store.claim(&claim).await.unwrap() {
            ClaimVerdict::Claimed(granted) => {
                bench.clock.advance(LEASE + DAY - Duration::from_micros(1));
                let renew = [RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: LEASE }];
                assert_eq!(bench.store.renew(&renew).await.unwrap(), [Ok(RenewVerdict::Renewed)], "round {round}");
                let done = bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
                assert!(
                    matches!(done, idem_runtime::claim::CompleteVerdict::Completed { restored: false, .. }),
                    "{done:?}"
                );
            }
            other => panic!("round {round}: {other:?}"),
        }
        bench.clock.advance(DAY);
    }
    std::fs::write(bench.path().with_extension("stop"), "").unwrap();
    let mut removed = bench.store.sweep(1_000).await.unwrap().removed;
    for sweeper in sweepers {
        removed += sweeper.await.unwrap();
    }
    assert!(removed > 0);
}

async fn sweep_until_told(store: idem_runtime::SqliteStore, path: std::path::PathBuf) -> u64 {
    let mut removed = 0;
    while !path.with_extension("stop").exists() {
        removed += store.sweep(10).await.unwrap().removed;
        tokio::task::yield_now().await;
    }
    removed
}
