//! A server that is full (R10): new claims are refused; what was begun ends, and duplicates are answered.

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, FailVerdict, Failure, RenewVerdict};
use idem_runtime::record::State;
use idem_runtime::{Store, StoreError};

use crate::support::{Bench, SHORT, brief, claimed, completion, done, failure, key, renewal, request};

#[tokio::test]
async fn at_its_limit_claims_are_refused_completions_pass_and_duplicates_are_answered() {
    let server = idem_test_servers::Redis::start(&[]);
    let bench = Bench::at(server.url()).await;
    done(&bench.store, key("done", 1), b"x").await;
    let (mut running, mut granted) = (Vec::new(), Vec::new());
    for n in 0..4 {
        let claim = request(key("running", n));
        granted.push(bench.claim(&claim).await);
        running.push(claim);
    }
    let gone = brief(key("gone", 1));
    bench.claim(&gone).await;
    let used: String = bench.ask(&["INFO", "memory"]);
    let used = used.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap().trim();
    let () = bench.ask(&["CONFIG", "SET", "maxmemory", used]);
    for n in 0..3 {
        let error = bench.store.claim(&request(key("new", n))).await.unwrap_err();
        assert!(matches!(&error, StoreError::Full { reason, .. } if reason.contains("maxmemory")), "{error}");
        assert!(error.is_unavailable());
    }
    assert!(matches!(bench.store.claim(&request(key("done", 1))).await.unwrap(), ClaimVerdict::Completed(_)));
    assert!(matches!(bench.store.claim(&request(key("running", 0))).await.unwrap(), ClaimVerdict::Running { .. }));
    let renewals: Vec<_> = running.iter().map(renewal).collect();
    assert!(bench.store.renew(&renewals).await.unwrap().iter().all(|renewed| *renewed == Ok(RenewVerdict::Renewed)));
    let verdict = bench.store.complete(&completion(&running[0], &granted[0], &[7; 100_000])).await.unwrap();
    assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }));
    let settled = bench.store.fail(&failure(&running[1], Failure::Release)).await.unwrap();
    assert_eq!(settled, FailVerdict::Settled(State::Retryable));
    let settled = bench.store.fail(&failure(&running[2], Failure::Park)).await.unwrap();
    assert_eq!(settled, FailVerdict::Settled(State::Parked));
    // tidy: allow sleep: the lease must run out
    tokio::time::sleep(SHORT * 2).await;
    // What is there already takes no room: it is taken over and tried again.
    assert_eq!(claimed(bench.store.claim(&request(gone.key)).await.unwrap()).attempt, 2);
    assert_eq!(claimed(bench.store.claim(&request(key("running", 1))).await.unwrap()).attempt, 2);
    let () = bench.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    claimed(bench.store.claim(&request(key("new", 0))).await.unwrap());
}

#[tokio::test]
async fn a_full_server_can_be_connected_to() {
    let server = idem_test_servers::Redis::start(&["--maxmemory", "1mb"]);
    let claim = Bench::at(server.url()).await;
    let _ = claim.store.claim(&request(key("t", 1))).await;
    let again = claim.neighbour().await;
    assert!(again.describe().await.is_ok());
}
