//! How often the server is asked: what a call costs.

use idem_runtime::Store;
use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, FailVerdict, Failure, RenewVerdict};
use idem_runtime::record::State;
use idem_runtime::testing::proxy::Proxy;

use crate::support::{Bench, SHORT, brief, claimed, completion, failure, key, renewal, request};

async fn behind_proxy() -> (Proxy, Bench) {
    let url = idem_test_servers::redis_url();
    let proxy = Proxy::before(&url).unwrap();
    let bench = Bench::at(&proxy.url(&url).unwrap()).await;
    (proxy, bench)
}

/// Runs it and says how many round trips it took.
async fn trips<T>(proxy: &Proxy, what: impl Future<Output = T>) -> (T, u64) {
    let before = proxy.exchanges();
    let answer = what.await;
    (answer, proxy.exchanges() - before)
}

#[tokio::test]
async fn a_call_takes_two_round_trips_and_a_duplicate_one() {
    let (proxy, bench) = behind_proxy().await;
    // The scripts are known from here on.
    for how in [Failure::Release, Failure::Park] {
        let known = request(key("warm", 1));
        bench.store.claim(&known).await.unwrap();
        bench.store.renew(&[renewal(&known)]).await.unwrap();
        bench.store.fail(&failure(&known, how)).await.unwrap();
    }
    let claim = request(key("t", 1));
    let (granted, cost) = trips(&proxy, bench.store.claim(&claim)).await;
    let granted = claimed(granted.unwrap());
    assert_eq!(cost, 1, "a first claim");
    let (running, cost) = trips(&proxy, bench.store.claim(&request(claim.key.clone()))).await;
    assert!(matches!(running.unwrap(), ClaimVerdict::Running { .. }));
    assert_eq!(cost, 1, "a duplicate of a running call");
    let renewals = [renewal(&claim), renewal(&claim), renewal(&claim)];
    let (renewed, cost) = trips(&proxy, bench.store.renew(&renewals)).await;
    assert_eq!(renewed.unwrap(), [Ok(RenewVerdict::Renewed), Ok(RenewVerdict::Renewed), Ok(RenewVerdict::Renewed)]);
    assert_eq!(cost, 1, "three renewals");
    let asked = completion(&claim, &granted, b"x");
    let (done, cost) = trips(&proxy, bench.store.complete(&asked)).await;
    assert!(matches!(done.unwrap(), CompleteVerdict::Completed { restored: false, .. }));
    assert_eq!(cost, 1, "a completion");
    let (replayed, cost) = trips(&proxy, bench.store.claim(&request(claim.key.clone()))).await;
    assert!(matches!(replayed.unwrap(), ClaimVerdict::Completed(_)));
    assert_eq!(cost, 1, "a duplicate of a completed call");
}

#[tokio::test]
async fn a_takeover_takes_two_round_trips_and_its_completion_one() {
    let (proxy, bench) = behind_proxy().await;
    for n in 0..2 {
        let gone = brief(key("t", n));
        bench.claim(&gone).await;
        // tidy: allow sleep: the lease must run out
        tokio::time::sleep(SHORT * 2).await;
        let next = request(gone.key.clone());
        let (granted, takeover) = trips(&proxy, bench.store.claim(&next)).await;
        let granted = claimed(granted.unwrap());
        assert_eq!((granted.attempt, granted.previous.map(|previous| previous.attempt)), (2, Some(1)));
        let asked = completion(&next, &granted, b"x");
        let (done, completed) = trips(&proxy, bench.store.complete(&asked)).await;
        assert!(matches!(done.unwrap(), CompleteVerdict::Completed { restored: false, .. }));
        // The first time, the server may have to learn the scripts.
        if n == 1 {
            assert_eq!((takeover, completed), (2, 1));
        }
    }
}

#[tokio::test]
async fn a_first_failure_takes_one_round_trip() {
    let (proxy, bench) = behind_proxy().await;
    for n in 0..2 {
        let claim = request(key("t", n));
        bench.claim(&claim).await;
        let (failed, cost) = trips(&proxy, bench.store.fail(&failure(&claim, Failure::Release))).await;
        assert_eq!(failed.unwrap(), FailVerdict::Settled(State::Retryable));
        if n == 1 {
            assert_eq!(cost, 1);
        }
    }
}

#[tokio::test]
async fn the_commands_of_a_call_are_those_that_are_written_down() {
    let server = idem_test_servers::Redis::start(&[]);
    let bench = Bench::at(server.url()).await;
    let claim = request(key("t", 1));
    let granted = bench.claim(&claim).await;
    bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
    let () = bench.ask(&["CONFIG", "RESETSTAT"]);
    let claim = request(key("t", 2));
    let granted = bench.claim(&claim).await;
    bench.store.renew(&[renewal(&claim)]).await.unwrap();
    bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
    bench.store.claim(&request(claim.key.clone())).await.unwrap();
    let stats: String = bench.ask(&["INFO", "commandstats"]);
    let calls = |command: &str| {
        let line =
            stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls="))).unwrap_or("0,");
        line.split(',').next().unwrap().parse::<u32>().unwrap()
    };
    let scripts = calls("evalsha") + calls("eval");
    let ifeq = u32::from(crate::support::setting(&bench.store.describe().await.unwrap(), "SET IFEQ").0 == "yes");
    // Two claims; a renewal, sent twice since the server did not know it; and a completion by script, unless the server
    // compares and sets by itself.
    assert_eq!((calls("time"), calls("keys"), calls("wait")), (2, 0, 0), "{stats}");
    assert_eq!(scripts, 3 - ifeq, "{stats}");
}
