//! What is written reads back, also by another connection.

use std::sync::Arc;
use std::time::Duration;

use idem_runtime::claim::{ClaimVerdict, ClearVerdict, RenewRequest, RenewVerdict};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Holder, State, Status, StoredResult};
use idem_runtime::store::{Durability, ListQuery};
use idem_runtime::{Store, clock::Timestamp};

use crate::support::{Bench, DAY, LEASE, START, completion, done, fingerprinted, key, poll, request};

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
    let claim = bench.claim(&request).await;
    let running = bench.neighbour().await.get(&key).await.unwrap().unwrap();
    assert_eq!(running.key.to_string(), key.to_string());
    assert_eq!(
        (running.state, running.owner, running.fence, running.attempt),
        (State::Running, request.owner, claim.fence, 1)
    );
    assert_eq!(running.lease_until, Some(Timestamp::from_micros(START) + LEASE));
    assert_eq!(running.longest_lease, LEASE);
    assert_eq!(running.fingerprint, request.fingerprint);
    assert_eq!(running.holder, request.holder);
    assert_eq!(
        (running.on_stale, running.max_attempts, running.grace),
        (OnStale::Park, Some(u32::MAX), Retention::Forever)
    );
    assert_eq!((running.result.clone(), running.completed_at, running.expires_at), (None, None, None));
    bench.clock.advance(Duration::from_micros(1));
    bench.store.complete(&completion(&request, &claim, b"\0\xffenvelope")).await.unwrap();
    let completed = bench.neighbour().await.get(&key).await.unwrap().unwrap();
    assert_eq!(completed.result, Some(StoredResult::Envelope(b"\0\xffenvelope".as_slice().into())));
    assert_eq!(completed.created_at, Timestamp::from_micros(START));
    assert_eq!(completed.updated_at, Timestamp::from_micros(START + 1));
    assert_eq!(completed.completed_at, Some(completed.updated_at));
    assert_eq!(completed.expires_at, Some(completed.updated_at + DAY));
    assert_eq!(completed.fence, running.fence);
}

#[tokio::test]
async fn a_result_of_no_bytes_is_not_an_absent_one() {
    let bench = Bench::new().await;
    done(&bench.store, key("t", 1), b"").await;
    let record = bench.store.get(&key("t", 1)).await.unwrap().unwrap();
    assert_eq!(record.result, Some(StoredResult::Envelope(b"".as_slice().into())));
}

#[tokio::test]
async fn a_result_of_a_mebibyte_reads_back() {
    let bench = Bench::new().await;
    let result: Vec<u8> = (0..1 << 20).map(|at: u32| (at % 251) as u8).collect();
    done(&bench.store, key("t", 1), &result).await;
    let record = bench.neighbour().await.get(&key("t", 1)).await.unwrap().unwrap();
    assert_eq!(record.result, Some(StoredResult::Envelope(result.into())));
}

#[tokio::test]
async fn a_fence_of_the_far_future_reads_back_and_one_beyond_the_column_is_refused() {
    let bench = Bench::new().await;
    bench.claim(&request(key("t", 1))).await;
    bench.sql("UPDATE idem_records SET fence = 9223372036854775806").await;
    bench.clock.advance(LEASE);
    assert_eq!(bench.claim(&request(key("t", 1))).await.fence, u64::try_from(i64::MAX).unwrap());
    bench.clock.advance(LEASE);
    let refused = bench.store.claim(&request(key("t", 1))).await.unwrap_err().to_string();
    assert!(refused.contains("its fence would be 9223372036854775808"), "{refused}");
    assert!(bench.store.get(&key("t", 1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_duplicate_waits_for_no_lock() {
    let bench = Bench::new().await;
    done(&bench.store, key("t", 1), b"x").await;
    let mut other = bench.raw().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let answer = bench.store.claim(&request(key("t", 1))).await.unwrap();
    assert!(matches!(answer, ClaimVerdict::Completed(_)), "{answer:?}");
}

#[tokio::test]
async fn renewals_are_answered_one_by_one_and_in_order() {
    let bench = Bench::new().await;
    let claims: Vec<_> = (0..40).map(|n| request(key("t", n))).collect();
    for claim in claims.iter().filter(|claim| claim.owner.as_bytes()[0] % 2 == 0) {
        bench.claim(claim).await;
    }
    bench.clock.advance(LEASE / 2);
    let renew = |claim: &idem_runtime::claim::ClaimRequest| RenewRequest {
        key: claim.key.clone(),
        owner: claim.owner,
        lease: LEASE,
    };
    let requests: Vec<_> = claims.iter().map(renew).collect();
    let answers = bench.store.renew(&requests).await.unwrap();
    assert_eq!(answers.len(), claims.len());
    for (claim, answer) in claims.iter().zip(answers) {
        let held = claim.owner.as_bytes()[0] % 2 == 0;
        let expected = if held { RenewVerdict::Renewed } else { RenewVerdict::LeaseLost(None) };
        assert_eq!(answer, Ok(expected));
        let until = bench.store.get(&claim.key).await.unwrap().and_then(|record| record.lease_until);
        assert_eq!(until, held.then(|| Timestamp::from_micros(START) + LEASE + LEASE / 2));
    }
    assert_eq!(bench.store.renew(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn a_list_is_filtered_ordered_and_paged_and_knows_no_expired_records() {
    let bench = Bench::new().await;
    for n in 0..25 {
        done(&bench.store, key("mail.send", n), b"x").await;
        bench.claim(&request(key("report", n))).await;
    }
    let list = async |query: ListQuery| bench.store.list(&query).await.unwrap();
    assert_eq!(list(ListQuery::default()).await.len(), 50);
    let task = |task: &str| ListQuery { task: Some(task.into()), ..ListQuery::default() };
    assert_eq!(list(task("mail.send")).await.len(), 25);
    assert_eq!(list(task("mail")).await.len(), 0);
    assert_eq!(list(ListQuery { state: Some(State::Running), ..ListQuery::default() }).await.len(), 25);
    assert_eq!(list(ListQuery { state: Some(State::Running), ..task("mail.send") }).await.len(), 0);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list(ListQuery { after, limit: Some(7), ..ListQuery::default() }).await;
        assert!(page.len() <= 7);
        let Some(last) = page.last() else { break };
        after = Some(*last.key.digest());
        seen.extend(page.iter().map(|record| *record.key.digest()));
    }
    assert_eq!(seen.len(), 50);
    assert!(seen.is_sorted());
    bench.clock.advance(DAY);
    assert_eq!(list(task("mail.send")).await.len(), 0, "completed records are over");
    assert_eq!(list(task("report")).await.len(), 25, "evidence of abandoned claims is not");
}

#[tokio::test]
async fn a_long_task_name_survives_an_operator_who_has_only_the_abbreviated_key() {
    let bench = Bench::new().await;
    let name = format!("billing.{}", "x".repeat(100));
    let long = key(&name, 1);
    let read: idem_runtime::Key = long.to_string().parse().unwrap();
    assert!(read.task().starts_with('~'), "{}", read.task());
    let query = ListQuery { task: Some(name.clone()), ..ListQuery::default() };
    bench.claim(&request(long.clone())).await;
    assert_eq!(bench.store.clear(&read, true).await.unwrap(), ClearVerdict::Cleared);
    assert_eq!(bench.store.list(&query).await.unwrap().len(), 1);
    let other = key(&name, 2);
    let cancel =
        idem_runtime::claim::CancelRequest { key: other.to_string().parse().unwrap(), grace: Retention::For(DAY) };
    bench.store.cancel(&cancel).await.unwrap();
    assert_eq!(bench.store.list(&query).await.unwrap().len(), 1, "the name is not known yet");
    bench.store.clear(&other, true).await.unwrap();
    bench.claim(&request(other)).await;
    assert_eq!(bench.store.list(&query).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_store_describes_its_settings_from_the_connection() {
    let bench = Bench::new().await;
    let description = bench.store.describe().await.unwrap();
    assert_eq!((description.kind.as_str(), description.durability), ("sqlite", Durability::Disk));
    assert_eq!(description.location, bench.path().display().to_string());
    assert!(description.version.is_some_and(|version| version.starts_with("3.")));
    let value = |name: &str| {
        let setting = description.settings.iter().find(|setting| setting.name == name).unwrap();
        assert_eq!(setting.harm, None);
        setting.value.clone()
    };
    assert_eq!(
        (value("journal_mode").as_str(), value("synchronous").as_str(), value("busy_timeout").as_str()),
        ("wal", "full", "5s")
    );
}

#[test]
fn the_keeper_works_on_a_runtime_of_its_own_while_the_callers_is_gone() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = runtime();
    let bench = first.block_on(Bench::new());
    let claim = request(key("t", 1));
    first.block_on(bench.claim(&claim));
    let requests = [RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: LEASE }];
    let store = bench.store.clone();
    let keeper = std::thread::spawn(move || runtime().block_on(store.keeper()).unwrap()).join().unwrap();
    drop(first);
    bench.clock.advance(LEASE / 2);
    let answers = runtime().block_on(keeper.renew(&requests)).unwrap();
    assert_eq!(answers, [Ok(RenewVerdict::Renewed)]);
    let record = runtime().block_on(bench.store.get(&claim.key)).unwrap().unwrap();
    assert_eq!(record.status(Timestamp::from_micros(START) + LEASE), Status::Is(State::Running));
}

#[tokio::test]
async fn a_runtime_that_is_blocked_in_the_middle_of_a_write_does_not_hold_the_file() {
    let bench = Bench::new().await;
    let held = request(key("t", 1));
    bench.claim(&held).await;
    let keeper = bench.store.keeper().await.unwrap();
    let next = request(key("t", 2));
    for polls in 1..8 {
        let mut stopped = bench.store.claim(&next);
        for _ in 0..polls {
            if poll(&mut stopped).is_ready() {
                break;
            }
            // The store's threads answer meanwhile, and nobody looks.
            bench.count().await;
        }
        let requests = [RenewRequest { key: held.key.clone(), owner: held.owner, lease: LEASE }];
        assert_eq!(keeper.renew(&requests).await.unwrap(), [Ok(RenewVerdict::Renewed)], "after {polls} polls");
    }
}
