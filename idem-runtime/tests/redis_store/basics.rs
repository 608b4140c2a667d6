//! What is written reads back, lives as long as it should, and is described.

use std::sync::Arc;

use idem_runtime::claim::{CancelRequest, Failure, RenewRequest, ResolveRequest};
use idem_runtime::clock::{Clock, SystemClock};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Holder, State, StoredResult};
use idem_runtime::store::{Durability, ListQuery};
use idem_runtime::transition::MIN_GRACE;
use idem_runtime::{Key, Store};

use crate::support::{
    Bench, DAY, LEASE, SHORT, brief, command, completion, done, failure, fingerprinted, key, request, setting,
};

/// A hundred years: evidence that must not run out.
const FOREVER_MS: u128 = 100 * 365 * 86_400_000;

#[tokio::test]
async fn every_field_of_a_record_reads_back() {
    let bench = Bench::new().await;
    let (key, fingerprint) = fingerprinted("mail.send", 1, &7);
    let mut request = request(key.clone());
    request.fingerprint = Some(fingerprint);
    request.on_stale = OnStale::Park;
    request.max_attempts = Some(u32::MAX);
    request.grace = Retention::Forever;
    request.holder = Arc::new(Holder { host: "wörker\0".into(), process: u32::MAX, trace: None });
    let granted = bench.claim(&request).await;
    let running = bench.neighbour().await.get(&key).await.unwrap().unwrap();
    assert_eq!(running.key.to_string(), key.to_string());
    assert_eq!(
        (running.state, running.owner, running.fence, running.attempt),
        (State::Running, request.owner, granted.fence, 1)
    );
    assert_eq!(running.longest_lease, LEASE);
    assert_eq!((&running.fingerprint, &running.holder), (&request.fingerprint, &request.holder));
    assert_eq!(
        (running.on_stale, running.max_attempts, running.grace),
        (OnStale::Park, Some(u32::MAX), Retention::Forever)
    );
    assert_eq!((running.result.clone(), running.completed_at, running.expires_at), (None, None, None));
    assert_eq!((running.created_at, running.updated_at), (granted.at, granted.at));
    let left = running.lease_until.unwrap().since(granted.at);
    assert!(left.abs_diff(LEASE).as_millis() < 1_000, "{left:?}");
    bench.store.complete(&completion(&request, &granted, b"\0\xffenvelope")).await.unwrap();
    let completed = bench.neighbour().await.get(&key).await.unwrap().unwrap();
    assert_eq!(completed.result, Some(StoredResult::Envelope(b"\0\xffenvelope".as_slice().into())));
    assert_eq!((completed.created_at, completed.fence), (granted.at, granted.fence));
    assert_eq!(completed.completed_at, Some(completed.updated_at));
    let kept = completed.expires_at.unwrap().since(completed.updated_at);
    assert!(kept.abs_diff(DAY).as_millis() < 1_000, "{kept:?}");
}

#[tokio::test]
async fn what_a_completion_answers_is_what_is_read_afterwards() {
    let bench = Bench::new().await;
    for n in 0..20 {
        let claim = brief(key("t", n));
        let mut granted = bench.claim(&claim).await;
        if n % 2 == 1 {
            bench.store.fail(&failure(&claim, Failure::Release)).await.unwrap();
            granted = bench.claim(&request(claim.key.clone())).await;
        }
        let owner = bench.store.get(&claim.key).await.unwrap().unwrap().owner;
        let claim = idem_runtime::claim::ClaimRequest { owner, ..claim };
        let answer = bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
        let idem_runtime::claim::CompleteVerdict::Completed { record, .. } = answer else { panic!("{answer:?}") };
        assert_eq!(*record, *bench.store.get(&claim.key).await.unwrap().unwrap(), "attempt {}", granted.attempt);
    }
}

/// What becomes of a claim, and how long its key must live, in milliseconds.
async fn lives(what: &str, expected: Option<u128>, with: impl AsyncFn(&Bench, &Key)) {
    let bench = Bench::new().await;
    let key = key("t", 1);
    with(&bench, &key).await;
    let ttl: i64 = bench.ask(&["PTTL", &bench.name(&key)]);
    match expected {
        None => assert_eq!(ttl, -1, "{what}"),
        Some(expected) => {
            let ttl = u128::try_from(ttl).unwrap_or_else(|_| panic!("{what}: {ttl}"));
            assert!(ttl <= expected && expected - ttl < 2_000, "{what}: {ttl} ms, expected {expected}");
        }
    }
}

#[tokio::test]
async fn keys_live_as_long_as_their_record_means_something() {
    let (day, lease) = (MIN_GRACE.as_millis(), LEASE.as_millis());
    let claim = |on_stale, grace| {
        async move |bench: &Bench, key: &Key| {
            let claim = idem_runtime::claim::ClaimRequest { on_stale, grace, ..request(key.clone()) };
            bench.claim(&claim).await;
        }
    };
    let none = Retention::For(std::time::Duration::ZERO);
    lives("running", Some(lease + day), claim(OnStale::Rerun, none)).await;
    lives("running, a week's grace", Some(lease + 7 * day), claim(OnStale::Rerun, Retention::For(DAY * 7))).await;
    lives("running, grace for ever", Some(lease + FOREVER_MS), claim(OnStale::Rerun, Retention::Forever)).await;
    lives("running under park", Some(lease + FOREVER_MS), claim(OnStale::Park, none)).await;
    lives("running under reconcile", Some(lease + FOREVER_MS), claim(OnStale::Reconcile, none)).await;
    let failed = |how| {
        async move |bench: &Bench, key: &Key| {
            let claim = request(key.clone());
            bench.claim(&claim).await;
            bench.store.fail(&failure(&claim, how)).await.unwrap();
        }
    };
    lives("released", Some(day), failed(Failure::Release)).await;
    lives("failed", Some(2 * day), failed(Failure::Store(DAY))).await;
    lives("parked", None, failed(Failure::Park)).await;
    lives("cancelled", None, async |bench: &Bench, key: &Key| {
        let cancel = CancelRequest { key: key.clone(), grace: Retention::Forever };
        bench.store.cancel(&cancel).await.unwrap();
    })
    .await;
    lives("cleared", Some(lease), async |bench: &Bench, key: &Key| {
        bench.claim(&request(key.clone())).await;
        bench.store.clear(key, true).await.unwrap();
    })
    .await;
    lives("completed", Some(day), async |bench: &Bench, key: &Key| done(&bench.store, key.clone(), b"x").await).await;
    lives("completed for ever", None, async |bench: &Bench, key: &Key| {
        let claim = request(key.clone());
        bench.claim(&claim).await;
        bench.store.fail(&failure(&claim, Failure::Park)).await.unwrap();
        let word = ResolveRequest::Completed(StoredResult::Envelope(b"x".as_slice().into()), Retention::Forever);
        bench.store.resolve(key, &word).await.unwrap();
    })
    .await;
    lives("renewed for longer", Some(4 * lease + day), async |bench: &Bench, key: &Key| {
        let claim = request(key.clone());
        bench.claim(&claim).await;
        let renewal = RenewRequest { key: key.clone(), owner: claim.owner, lease: LEASE * 4 };
        bench.store.renew(&[renewal]).await.unwrap();
        assert_eq!(bench.store.get(key).await.unwrap().unwrap().longest_lease, LEASE * 4);
    })
    .await;
}

#[tokio::test]
async fn the_largest_durations_overflow_nothing() {
    let bench = Bench::new().await;
    let mut claim = request(key("t", 1));
    (claim.lease, claim.grace) = (std::time::Duration::MAX, Retention::For(std::time::Duration::MAX));
    let granted = bench.claim(&claim).await;
    let renewal = RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: std::time::Duration::MAX };
    bench.store.renew(&[renewal]).await.unwrap().pop().unwrap().unwrap();
    let mut asked = completion(&claim, &granted, b"x");
    asked.retention = Retention::For(std::time::Duration::MAX);
    bench.store.complete(&asked).await.unwrap();
    assert_eq!(bench.store.get(&claim.key).await.unwrap().unwrap().state, State::Completed);
}

#[tokio::test]
async fn the_fence_is_the_servers_time() {
    let bench = Bench::new().await;
    for n in 0..50 {
        let before = SystemClock.now();
        let granted = bench.claim(&request(key("t", n))).await;
        let fence = i64::try_from(granted.fence).unwrap();
        let (early, late) = (before.as_micros() - fence, fence - SystemClock.now().as_micros());
        assert!(early < 250_000 && late < 1_000, "{early} µs early, {late} µs late");
    }
}

#[tokio::test]
async fn a_listing_sees_every_record_among_foreign_keys() {
    let bench = Bench::new().await;
    let foreign = format!("{}:record:nobody's", bench.prefix);
    let () = bench.ask(&["SET", &foreign, "x"]);
    for n in 0..300 {
        done(&bench.store, key("t", n), b"x").await;
    }
    let mut found = Vec::new();
    let mut query = ListQuery { limit: Some(70), ..ListQuery::default() };
    loop {
        let page = bench.store.list(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some(*last.key.digest());
        found.extend(page.iter().map(|record| *record.key.digest()));
    }
    let mut expected: Vec<_> = (0..300).map(|n| *key("t", n).digest()).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_sweep_names_claims_without_an_owner_and_what_does_not_read() {
    let bench = Bench::new().await;
    let gone = brief(key("gone", 1));
    bench.claim(&gone).await;
    bench.claim(&request(key("live", 1))).await;
    done(&bench.store, key("done", 1), b"x").await;
    let odd = [key("odd", 1), key("odd", 2), key("odd", 3)];
    let () = bench.ask(&["SET", &bench.name(&odd[0]), "nonsense"]);
    let () = bench.ask(&["RPUSH", &bench.name(&odd[1]), "a list"]);
    bench.claim(&request(odd[2].clone())).await;
    let () = bench.ask(&["APPEND", &bench.name(&odd[2]), "too long"]);
    // tidy: allow sleep: the lease must run out
    tokio::time::sleep(SHORT * 2).await;
    let report = bench.store.sweep(1_000).await.unwrap();
    assert_eq!((report.removed, report.stale), (0, vec![gone.key.clone()]));
    let mut bad: Vec<_> = report.bad.iter().map(|(digest, _)| digest.clone()).collect();
    let mut expected: Vec<_> = odd.iter().map(|key| crate::support::hex(key.digest())).collect();
    bad.sort();
    expected.sort();
    assert_eq!(bad, expected);
    assert!(report.bad.iter().all(|(_, why)| !why.contains("nonsense")), "{:?}", report.bad);
}

#[tokio::test]
async fn it_describes_the_server() {
    let bench = Bench::new().await;
    let description = bench.store.describe().await.unwrap();
    assert_eq!(description.kind, "redis");
    assert!(description.version.as_deref().is_some_and(|version| version.contains('.')), "{description:?}");
    assert_eq!(setting(&description, "prefix"), (bench.prefix.as_str(), false));
    assert_eq!(setting(&description, "forgotten"), ("0", false));
}

/// Starts a server with these arguments; what it says of itself must have this harm.
async fn harms(arguments: &[&str], name: &str, harmful: bool, durability: Durability) {
    let server = idem_test_servers::Redis::start(arguments);
    let bench = Bench::at(server.url()).await;
    let description = bench.store.describe().await.unwrap();
    let (value, harm) = setting(&description, name);
    assert_eq!((harm, description.durability), (harmful, durability), "{arguments:?}: {name} = {value}");
}

#[tokio::test]
async fn settings_that_lose_records_are_told_as_harm() {
    harms(&[], "appendonly", true, Durability::Server).await;
    harms(&["--save", "60 1"], "appendonly", true, Durability::Disk).await;
    harms(&["--appendonly", "yes"], "appendfsync", true, Durability::Disk).await;
    harms(&["--appendonly", "yes", "--appendfsync", "always"], "appendfsync", false, Durability::Disk).await;
    // R9
    harms(&["--maxmemory-policy", "allkeys-lru"], "maxmemory-policy", true, Durability::Server).await;
    harms(&["--maxmemory-policy", "volatile-ttl"], "maxmemory-policy", true, Durability::Server).await;
    harms(&[], "maxmemory-policy", false, Durability::Server).await;
}

#[tokio::test]
async fn a_server_that_forbids_config_is_described_as_unknown() {
    let server = idem_test_servers::Redis::start(&["--rename-command", "CONFIG", ""]);
    let bench = Bench::at(server.url()).await;
    let description = bench.store.describe().await.unwrap();
    assert_eq!(setting(&description, "maxmemory-policy"), ("unknown", true));
    assert_eq!(setting(&description, "role"), ("master", false));
    let () = command(&["PING"]).exec(&mut bench.raw()).unwrap();
}
