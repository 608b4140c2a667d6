//! A server that goes away, comes back, and remembers nothing, or does not answer at all.

use std::time::{Duration, Instant};

use idem_runtime::claim::ClaimVerdict;
use idem_runtime::{RedisStore, Store, StoreError};

use crate::support::{Bench, claimed, done, key, request, setting};

/// R8
#[tokio::test]
async fn a_server_that_forgot_everything_is_seen_and_told() {
    let server = idem_test_servers::Redis::start(&[]);
    let bench = Bench::at(server.url()).await;
    let keeper = bench.store.keeper().await.unwrap();
    done(&bench.store, key("t", 1), b"x").await;
    assert_eq!(setting(&bench.store.describe().await.unwrap(), "forgotten"), ("0", false));
    server.kill();
    let error = bench.store.claim(&request(key("t", 1))).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    server.start_again();
    claimed(bench.store.claim(&request(key("t", 1))).await.unwrap());
    assert_eq!(setting(&bench.store.describe().await.unwrap(), "forgotten"), ("1", true));
    // The keeper's connection finds the same life.
    assert_eq!(setting(&keeper.describe().await.unwrap(), "forgotten"), ("1", true));
}

#[tokio::test]
async fn a_server_that_is_emptied_is_told_by_the_next_description() {
    let server = idem_test_servers::Redis::start(&[]);
    let bench = Bench::at(server.url()).await;
    let () = bench.ask(&["FLUSHALL"]);
    assert_eq!(setting(&bench.store.describe().await.unwrap(), "forgotten"), ("1", true));
    assert_eq!(setting(&bench.store.describe().await.unwrap(), "forgotten"), ("1", true));
}

#[tokio::test]
async fn a_server_that_kept_everything_is_not_said_to_have_forgotten() {
    let server = idem_test_servers::Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let bench = Bench::at(server.url()).await;
    done(&bench.store, key("t", 1), b"x").await;
    let held = request(key("t", 2));
    bench.claim(&held).await;
    server.kill();
    server.start_again();
    let verdict = bench.store.claim(&request(key("t", 1))).await.unwrap();
    assert!(matches!(verdict, ClaimVerdict::Completed(_)), "{verdict:?}");
    assert!(matches!(bench.store.claim(&request(held.key)).await.unwrap(), ClaimVerdict::Running { .. }));
    assert_eq!(setting(&bench.store.describe().await.unwrap(), "forgotten"), ("0", false));
}

#[tokio::test]
async fn a_server_that_stands_still_holds_up_no_call_beyond_its_limit() {
    let server = idem_test_servers::Redis::start(&[]);
    let limit = Duration::from_millis(300);
    let builder = RedisStore::builder(server.url()).prefix("idem-test");
    let store = builder.response_timeout(limit).connect_timeout(limit / 2).connect().await.unwrap();
    server.pause();
    let begun = Instant::now();
    let calls: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.claim(&request(key("t", n))).await })
        })
        .collect();
    for call in calls {
        assert!(matches!(call.await.unwrap(), Err(StoreError::Unavailable { .. })));
    }
    let keeper = store.keeper().await.err();
    assert!(matches!(keeper, Some(StoreError::Unavailable { .. })), "{keeper:?}");
    assert!(begun.elapsed() < limit * 4, "{:?}", begun.elapsed());
    server.resume();
    // What arrived late was a claim all the same: its owner alone knows.
    let verdict = store.claim(&request(key("fresh", 1))).await.unwrap();
    claimed(verdict);
}
