//! Requests and replies that are lost, late, or cut in half.

use std::time::{Duration, Instant};

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, RenewVerdict};
use idem_runtime::testing::proxy::{Proxy, WireFault};
use idem_runtime::{RedisStore, Store, StoreError};

use crate::support::{Bench, claimed, completion, key, renewal, request};

const LIMIT: Duration = Duration::from_millis(400);

async fn behind_proxy() -> (Proxy, Bench, RedisStore) {
    let url = idem_test_servers::redis_url();
    let proxy = Proxy::before(&url).unwrap();
    let bench = Bench::new().await;
    let builder = RedisStore::builder(&proxy.url(&url).unwrap()).prefix(&bench.prefix);
    let store = builder.response_timeout(LIMIT).connect_timeout(LIMIT / 2).connect().await.unwrap();
    (proxy, bench, store)
}

#[tokio::test]
async fn lost_requests_and_replies_are_asked_again_within_the_call() {
    let (proxy, _bench, store) = behind_proxy().await;
    for (n, fault) in [WireFault::LoseRequest, WireFault::LoseReply, WireFault::HalfReply].into_iter().enumerate() {
        for number in 0..10 {
            let claim = request(key("t", u64::try_from(n).unwrap() * 100 + number));
            proxy.next(fault);
            let granted = claimed(store.claim(&claim).await.unwrap());
            assert_eq!(granted.attempt, 1, "{fault:?}");
            proxy.next(fault);
            assert_eq!(store.renew(&[renewal(&claim)]).await.unwrap(), [Ok(RenewVerdict::Renewed)], "{fault:?}");
            proxy.next(fault);
            let verdict = store.complete(&completion(&claim, &granted, b"once")).await.unwrap();
            assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{fault:?}: {verdict:?}");
            let verdict = store.claim(&request(claim.key)).await.unwrap();
            assert!(matches!(verdict, ClaimVerdict::Completed(_)), "{fault:?}: {verdict:?}");
        }
    }
}

#[tokio::test]
async fn a_claim_that_arrives_after_its_release_claims_nothing() {
    let (proxy, bench, store) = behind_proxy().await;
    let claim = request(key("t", 1));
    proxy.next(WireFault::HoldRequest);
    let error = store.claim(&claim).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    proxy.heal();
    let failure = crate::support::failure(&claim, idem_runtime::claim::Failure::NotStarted);
    store.fail(&failure).await.unwrap();
    proxy.release();
    assert!(matches!(bench.store.claim(&claim).await.unwrap(), ClaimVerdict::Stale));
    assert_eq!(claimed(bench.store.claim(&request(claim.key)).await.unwrap()).attempt, 1);
}

#[tokio::test]
async fn no_call_outlasts_its_limit_and_the_next_one_connects_anew() {
    let (proxy, _bench, store) = behind_proxy().await;
    proxy.always(WireFault::HoldReply);
    for _ in 0..3 {
        let begun = Instant::now();
        let error = store.claim(&request(key("t", 1))).await.unwrap_err();
        assert!(begun.elapsed() < LIMIT * 2, "{:?}", begun.elapsed());
        let StoreError::Unavailable { reason, .. } = &error else { panic!("{error:?}") };
        assert!(reason.contains("within 400ms") || reason.contains("in time"), "{reason}");
    }
    proxy.heal();
    proxy.release();
    let again = store.claim(&request(key("t", 2))).await.unwrap();
    claimed(again);
}

#[tokio::test]
async fn a_refused_connection_is_told_at_once() {
    let (proxy, _bench, store) = behind_proxy().await;
    proxy.refuse().await;
    proxy.cut_all().await;
    let begun = Instant::now();
    let error = store.claim(&request(key("t", 1))).await.unwrap_err();
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    assert!(matches!(&error, StoreError::Unavailable { reason, .. } if reason.contains("refused")), "{error}");
    proxy.accept().await;
    claimed(store.claim(&request(key("t", 1))).await.unwrap());
}

#[tokio::test]
async fn connections_that_the_server_kills_are_made_again_in_the_middle_of_work() {
    let server = idem_test_servers::Redis::start(&[]);
    let bench = Bench::at(server.url()).await;
    let killer = {
        let mut raw = bench.raw();
        std::thread::spawn(move || {
            for _ in 0..50 {
                let kill = crate::support::command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
                let _: i64 = kill.query(&mut raw).unwrap();
                // tidy: allow sleep: the store works between two kills
                std::thread::sleep(Duration::from_millis(5));
            }
        })
    };
    let mut n = 0;
    while !killer.is_finished() {
        n += 1;
        let claim = request(key("t", n));
        // Killed again and again while it asks again, a call may say so; the same request is then sent by its caller.
        let granted = loop {
            match bench.store.claim(&claim).await {
                Ok(verdict) => break claimed(verdict),
                Err(error) => assert!(matches!(error, StoreError::Unavailable { .. }), "{error}"),
            }
        };
        assert_eq!(granted.attempt, 1);
        let verdict = loop {
            match bench.store.complete(&completion(&claim, &granted, b"x")).await {
                Ok(verdict) => break verdict,
                Err(error) => assert!(matches!(error, StoreError::Unavailable { .. }), "{error}"),
            }
        };
        assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
    }
    killer.join().unwrap();
    assert!(n > 10, "{n} calls");
}

#[test]
fn a_store_goes_on_when_the_runtime_that_made_its_connection_is_gone() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = runtime().block_on(Bench::new());
    runtime().block_on(async {
        claimed(bench.store.claim(&request(key("t", 1))).await.unwrap());
    });
}
