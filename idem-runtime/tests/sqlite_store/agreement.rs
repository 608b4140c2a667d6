//! The SQLite store answers what the memory store answers, whatever is asked in whatever order.

use std::time::Duration;

use idem_runtime::claim::{
    CancelRequest, ClaimRequest, CompleteRequest, FailRequest, Failure, RenewRequest, ResolveRequest,
};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{State, StoredResult};
use idem_runtime::store::ListQuery;
use idem_runtime::{Key, MemoryStore, Store, StoreError};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::{Bench, DAY, LEASE, completion, failure, fingerprinted, request};

/// So few that the memory store never sweeps of its own accord.
const KEYS: u64 = 6;

#[tokio::test]
async fn both_stores_answer_the_same() {
    for seed in 0..6 {
        let bench = Bench::new().await;
        let memory = MemoryStore::builder().clock(bench.clock.clone()).build();
        let mut random = StdRng::seed_from_u64(seed);
        let mut claims = vec![request(fingerprinted("t", 0, &0).0)];
        for step in 0..250 {
            let question = question(&mut random, &mut claims, &memory).await;
            let expected = ask(&memory, &question).await.unwrap();
            let found = ask(&bench.store, &question).await.unwrap();
            assert_eq!(expected, found, "seed {seed}, step {step}: {question:?}");
            let passed = [0, 0, 0, 0, 1, 7_000, 31_000, 90_000_000][random.random_range(0..8)];
            bench.clock.advance(Duration::from_millis(passed));
        }
    }
}

#[derive(Debug)]
enum Question {
    Claim(ClaimRequest),
    Renew(Vec<RenewRequest>),
    Complete(CompleteRequest),
    Fail(FailRequest),
    Cancel(CancelRequest),
    Clear(Key, bool),
    Resolve(Key, ResolveRequest),
    Get(Key),
    List(ListQuery),
    Sweep,
}

/// Something about a claim that was made, or about any key.
async fn question(random: &mut StdRng, claims: &mut Vec<ClaimRequest>, memory: &MemoryStore) -> Question {
    let (key, fingerprint) = fingerprinted("t", random.random_range(0..KEYS), &random.random_range(0..20).min(1));
    let made = claims[random.random_range(claims.len().saturating_sub(4)..claims.len())].clone();
    let retention = if random.random_bool(0.1) { Retention::Forever } else { Retention::For(DAY / 2) };
    match random.random_range(0..20) {
        0..6 => {
            let claim = ClaimRequest {
                fingerprint: random.random_bool(0.8).then_some(fingerprint),
                on_stale: [OnStale::Rerun, OnStale::Park, OnStale::Reconcile]
                    [random.random_range(0_usize..10).saturating_sub(7)],
                max_attempts: random.random_bool(0.3).then_some(3),
                grace: retention,
                ..request(key)
            };
            claims.push(claim.clone());
            Question::Claim(claim)
        }
        6 => Question::Claim(made),
        7..9 => {
            let renew =
                |claim: &ClaimRequest| RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: LEASE };
            Question::Renew(claims.iter().rev().take(5).map(renew).collect())
        }
        9..12 => {
            let record = memory.get(&made.key).await.unwrap();
            let (fence, attempt) = record.map_or((1, 1), |record| (record.fence, record.attempt));
            let claimed = idem_runtime::claim::Claimed {
                fence,
                attempt,
                lease_left: LEASE,
                at: idem_runtime::clock::Timestamp::from_micros(0),
                began: idem_runtime::clock::Timestamp::from_micros(0),
                previous: None,
            };
            let may_restore = random.random_bool(0.3);
            Question::Complete(CompleteRequest { retention, may_restore, ..completion(&made, &claimed, b"done") })
        }
        12..15 => {
            let all = [Failure::Release, Failure::NotStarted, Failure::Store(LEASE), Failure::Park];
            Question::Fail(failure(&made, all[random.random_range(0..4)]))
        }
        15 => Question::Cancel(CancelRequest { key, grace: retention }),
        16 => Question::Clear(key, random.random_bool(0.7)),
        17 => {
            let result = StoredResult::Absent("an operator said so".into());
            let all = [ResolveRequest::Completed(result, retention), ResolveRequest::Retry, ResolveRequest::Cancel];
            Question::Resolve(key, all[random.random_range(0..3)].clone())
        }
        18 => match random.random_range(0..3) {
            0 => Question::Get(key),
            1 => Question::List(ListQuery { state: Some(State::Completed), ..ListQuery::default() }),
            _ => Question::List(ListQuery { after: Some(*key.digest()), limit: Some(3), ..ListQuery::default() }),
        },
        _ => Question::Sweep,
    }
}

async fn ask(store: &dyn Store, question: &Question) -> Result<String, StoreError> {
    Ok(match question {
        Question::Claim(request) => format!("{:#?}", store.claim(request).await?),
        Question::Renew(requests) => format!("{:#?}", store.renew(requests).await?),
        Question::Complete(request) => format!("{:#?}", store.complete(request).await?),
        Question::Fail(request) => format!("{:#?}", store.fail(request).await?),
        Question::Cancel(request) => format!("{:#?}", store.cancel(request).await?),
        Question::Clear(key, force) => format!("{:#?}", store.clear(key, *force).await?),
        Question::Resolve(key, request) => format!("{:#?}", store.resolve(key, request).await?),
        Question::Get(key) => format!("{:#?}", store.get(key).await?),
        Question::List(query) => format!("{:#?}", store.list(query).await?),
        Question::Sweep => {
            let mut report = store.sweep(usize::MAX).await?;
            report.stale.sort_by_key(|key| *key.digest());
            format!("{report:#?}")
        }
    })
}
