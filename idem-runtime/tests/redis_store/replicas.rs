//! A primary that dies before its replica heard of a claim (R7).

use std::time::Duration;

use idem_runtime::claim::{
    AdmitRequest, AdmitVerdict, ClaimRequest, ClaimVerdict, CompleteVerdict, RenewRequest, RenewVerdict,
};
use idem_runtime::record::Owner;
use idem_runtime::store::StoreFuture;
use idem_runtime::testing::proxy::{Proxy, WireFault};
use idem_runtime::{RedisStore, Store, StoreError};
use idem_test_servers::Redis;

use crate::support::{Bench, LEASE, SHORT, brief, claimed, command, completion, key, renewal, request, setting};

/// A primary and its replica, which has caught up.
async fn pair() -> (Redis, Redis) {
    let primary = Redis::start(&["--repl-diskless-sync-delay", "0"]);
    let replica = replica_of(&primary);
    (primary, replica)
}

fn replica_of(primary: &Redis) -> Redis {
    let of = format!("127.0.0.1 {}", primary.port());
    let replica = Redis::start(&["--repl-diskless-sync-delay", "0", "--replicaof", &of]);
    let mut raw = redis::Client::open(primary.url()).unwrap().get_connection().unwrap();
    let () = command(&["SET", "probe", "1"]).query(&mut raw).unwrap();
    for _ in 0..100 {
        if command(&["WAIT", "1", "100"]).query::<i64>(&mut raw).unwrap() == 1 {
            return replica;
        }
    }
    panic!("the replica does not catch up");
}

/// Asks until a busy replica has heard of it, within a bound: it is the same request each time.
async fn heard<'a, T>(ask: impl Fn() -> StoreFuture<'a, T>) -> T {
    for _ in 0..50 {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(error.is_unavailable(), "{error}"),
        }
    }
    panic!("the replica never heard of it");
}

fn promote(replica: &Redis) {
    follow(replica, &["NO", "ONE"]);
}

fn follow(replica: &Redis, whom: &[&str]) {
    let mut raw = redis::Client::open(replica.url()).unwrap().get_connection().unwrap();
    let () = redis::cmd("REPLICAOF").arg(whom).query(&mut raw).unwrap();
}

#[tokio::test]
async fn a_replica_refuses_and_says_whom_to_ask() {
    let (_primary, replica) = pair().await;
    let error = RedisStore::connect(replica.url()).await.unwrap_err();
    assert!(matches!(&error, StoreError::ReadOnly { reason, .. } if reason.contains("primary")), "{error}");
}

#[tokio::test]
async fn without_waiting_a_failover_forgets_a_claim_and_its_work_runs_twice() {
    let (primary, replica) = pair().await;
    let bench = Bench::at(primary.url()).await;
    assert_eq!(setting(&bench.store.describe().await.unwrap(), "wait_replicas"), ("0", true));
    // A partition: what the primary takes from now on, the replica never hears.
    follow(&replica, &["127.0.0.1", "1"]);
    let claim = request(key("t", 1));
    bench.claim(&claim).await;
    primary.kill();
    promote(&replica);
    let store = RedisStore::builder(replica.url()).prefix(&bench.prefix).connect().await.unwrap();
    // Nobody can promise otherwise: this is what the documentation says.
    assert_eq!(claimed(store.claim(&request(claim.key)).await.unwrap()).attempt, 1);
}

#[tokio::test]
async fn with_a_replica_to_wait_for_no_answered_claim_has_a_second_owner() {
    let (primary, replica) = pair().await;
    let builder = RedisStore::builder(primary.url()).prefix("idem-test");
    let store = builder.wait_replicas(1, Duration::from_millis(300)).connect().await.unwrap();
    assert_eq!(setting(&store.describe().await.unwrap(), "wait_replicas"), ("1", false));
    let (answered, completed) = (request(key("answered", 1)), request(key("completed", 1)));
    claimed(heard(|| store.claim(&answered)).await);
    let granted = claimed(heard(|| store.claim(&completed)).await);
    let done = completion(&completed, &granted, b"x");
    heard(|| store.complete(&done)).await;
    replica.pause();
    let unheard = request(key("unheard", 1));
    for _ in 0..2 {
        let error = store.claim(&unheard).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Unavailable { reason, .. } if reason.contains("0 of 1 replicas")),
            "{error}"
        );
    }
    primary.kill();
    replica.resume();
    promote(&replica);
    let store = RedisStore::builder(replica.url()).prefix("idem-test").connect().await.unwrap();
    let verdict = store.claim(&request(answered.key)).await.unwrap();
    assert!(matches!(verdict, ClaimVerdict::Running { .. }), "{verdict:?}");
    let verdict = store.claim(&request(completed.key)).await.unwrap();
    assert!(matches!(verdict, ClaimVerdict::Completed(_)), "{verdict:?}");
}

#[tokio::test]
async fn a_renewal_is_not_waited_for_so_that_a_failover_takes_it_back() {
    let (primary, replica) = pair().await;
    let builder = RedisStore::builder(primary.url()).prefix("idem-test");
    let store = builder.wait_replicas(1, Duration::from_secs(1)).connect().await.unwrap();
    let claim = brief(key("t", 1));
    claimed(heard(|| store.claim(&claim)).await);
    follow(&replica, &["127.0.0.1", "1"]);
    let renewed = store.renew(&[RenewRequest { lease: LEASE, ..renewal(&claim) }]).await.unwrap();
    assert!(matches!(renewed.as_slice(), [Ok(RenewVerdict::Renewed)]), "{renewed:?}");
    primary.kill();
    promote(&replica);
    // tidy: allow sleep: the lease that the replica knows must run out
    tokio::time::sleep(SHORT * 2).await;
    let next = RedisStore::builder(replica.url()).prefix("idem-test").connect().await.unwrap();
    // Nobody promises otherwise: the documentation says so. The fence is what tells the two apart.
    let second = claimed(next.claim(&request(claim.key)).await.unwrap());
    assert_eq!(second.attempt, 2);
}

#[tokio::test]
async fn a_claim_that_was_not_heard_is_answered_once_the_replica_hears_it() {
    let (primary, replica) = pair().await;
    let builder = RedisStore::builder(primary.url()).prefix("idem-test");
    let store = builder.wait_replicas(1, Duration::from_millis(200)).connect().await.unwrap();
    replica.pause();
    let claim = request(key("t", 1));
    store.claim(&claim).await.unwrap_err();
    replica.resume();
    let granted = claimed(heard(|| store.claim(&claim)).await);
    assert_eq!(granted.attempt, 1);
    let done = completion(&claim, &granted, b"x");
    let verdict = heard(|| store.complete(&done)).await;
    assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }));
}

#[tokio::test]
async fn an_admission_is_answered_once_the_replica_has_it() {
    let (primary, replica) = pair().await;
    let builder = RedisStore::builder(primary.url()).prefix("idem-test");
    let store = builder.wait_replicas(1, Duration::from_millis(200)).connect().await.unwrap();
    let ClaimRequest { key, fingerprint, holder, grace, .. } = request(key("t", 1));
    let (ticket, hold) = (Owner::random(), Duration::from_secs(30));
    let ask = AdmitRequest { key, ticket, hold, fingerprint, holder, grace };
    replica.pause();
    store.admit(&ask).await.unwrap_err();
    replica.resume();
    let verdict = heard(|| store.admit(&ask)).await;
    assert!(matches!(verdict, AdmitVerdict::Admitted), "{verdict:?}");
}

#[tokio::test]
async fn a_completion_that_only_the_dead_primary_had_is_not_answered_by_the_next_one() {
    let (primary, replica) = pair().await;
    let proxy = Proxy::before(primary.url()).unwrap();
    let builder = RedisStore::builder(&proxy.url(primary.url()).unwrap()).prefix("idem-test");
    let builder = builder.wait_replicas(1, Duration::from_secs(10)).response_timeout(Duration::from_secs(60));
    let store = builder.connect().await.unwrap();
    let claim = request(key("t", 1));
    let granted = claimed(heard(|| store.claim(&claim)).await);
    // A partition: the replica has the claim, and does not hear of the completion.
    follow(&replica, &["127.0.0.1", "1"]);
    let done = completion(&claim, &granted, b"x");
    proxy.next_holding("WAIT", WireFault::HoldRequest);
    let failover = async {
        proxy.held().await;
        primary.kill();
        promote(&replica);
        let next = replica_of(&replica);
        proxy.lead_to(replica.url()).unwrap();
        proxy.cut_all().await;
        next
    };
    let (verdict, _next) = tokio::join!(store.complete(&done), failover);
    let error = verdict.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable { reason, .. } if reason.contains("gone again")), "{error}");
    // It is the same request each time, and the new primary knows the claim.
    heard(|| store.complete(&done)).await;
    let verdict = store.claim(&request(claim.key)).await.unwrap();
    assert!(matches!(verdict, ClaimVerdict::Completed(_)), "{verdict:?}");
}
