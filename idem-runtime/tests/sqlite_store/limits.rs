//! A file that may not grow any more.

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict};
use idem_runtime::{SqliteStore, Store, StoreError};

use crate::support::{Bench, DAY, LEASE, claimed, completion, done, key, request};

#[tokio::test]
async fn at_its_limit_the_store_refuses_new_claims_and_answers_old_ones() {
    let bench = Bench::new().await;
    let builder = SqliteStore::builder(bench.path()).clock(bench.clock.clone());
    let small = builder.max_size(256 * 1024).open().await.unwrap();
    let described = small.describe().await.unwrap();
    assert!(described.settings.iter().any(|setting| setting.name == "max_size" && setting.value == "262144"));
    let mut kept = 0;
    let error = loop {
        if let Err(error) = small.claim(&request(key("t", kept))).await {
            break error;
        }
        kept += 1;
    };
    let StoreError::Full { store, reason } = &error else { panic!("{error:?}") };
    assert!(error.is_unavailable() && store.contains("idem.db") && reason.contains("`max_size`"), "{error}");
    assert!(kept > 50, "{kept} records in 256 KiB");
    for n in 0..kept {
        let answer = small.claim(&request(key("t", n))).await.unwrap();
        assert!(matches!(answer, ClaimVerdict::Running { .. }), "{answer:?}");
    }
    assert!(small.claim(&request(key("t", kept))).await.is_err(), "still full, and nobody was evicted");
    bench.clock.advance(LEASE + DAY);
    assert_eq!(small.sweep(usize::MAX).await.unwrap().removed, kept);
    done(&small, key("t", kept), b"x").await;
}

#[tokio::test]
async fn a_completion_that_finds_no_room_is_full_and_passes_once_there_is_room() {
    let bench = Bench::new().await;
    let builder = SqliteStore::builder(bench.path()).clock(bench.clock.clone());
    let small = builder.max_size(128 * 1024).open().await.unwrap();
    done(&small, key("big", 1), &[7; 60_000]).await;
    let claim = request(key("big", 2));
    let granted = claimed(small.claim(&claim).await.unwrap());
    let completion = completion(&claim, &granted, &[7; 60_000]);
    for _ in 0..3 {
        let error = small.complete(&completion).await.unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        assert!(matches!(small.claim(&request(claim.key.clone())).await.unwrap(), ClaimVerdict::Running { .. }));
    }
    let neighbour = bench.neighbour().await;
    assert!(matches!(
        neighbour.complete(&completion).await.unwrap(),
        CompleteVerdict::Completed { restored: false, .. }
    ));
}
