//! Many at once, in two processes' stores.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, Failure};
use idem_runtime::{Key, RedisStore, Store};

use crate::support::{Bench, completion, failure, key, renewal, request};

const KEYS: u64 = 8;
const TASKS: u64 = 64;

/// What is held under one key, by the tasks' own account.
#[derive(Default)]
struct Held {
    now: AtomicU32,
    fence: AtomicU64,
    completed: AtomicU32,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_with_64_tasks_each_let_one_at_a_time_into_a_key() {
    let bench = Bench::new().await;
    let neighbour = bench.neighbour().await;
    let held: Arc<Vec<Held>> = Arc::new((0..KEYS).map(|_| Held::default()).collect());
    let tasks: Vec<_> = [bench.store.clone(), neighbour]
        .into_iter()
        .flat_map(|store| (0..TASKS).map(move |task| (store.clone(), task)))
        .map(|(store, task)| tokio::spawn(work(store, task, Arc::clone(&held))))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for held in held.iter() {
        assert_eq!((held.now.load(Ordering::SeqCst), held.completed.load(Ordering::SeqCst)), (0, 1));
    }
}

/// Claims one key after the other; releases it a few times, then completes it.
async fn work(store: RedisStore, task: u64, held: Arc<Vec<Held>>) {
    for step in 0..KEYS {
        let number = (task + step) % KEYS;
        let held = &held[usize::try_from(number).unwrap()];
        while !ended(&store, key("t", number), held).await {
            tokio::task::yield_now().await;
        }
    }
}

/// One claim of the key; `true` once it is completed.
async fn ended(store: &RedisStore, key: Key, held: &Held) -> bool {
    let claim = request(key);
    let claimed = match store.claim(&claim).await.unwrap() {
        ClaimVerdict::Claimed(claimed) => claimed,
        ClaimVerdict::Completed(_) => return true,
        ClaimVerdict::Running { .. } => return false,
        other => panic!("{other:?}"),
    };
    assert_eq!(held.now.fetch_add(1, Ordering::SeqCst), 0, "two at once");
    assert!(held.fence.fetch_max(claimed.fence, Ordering::SeqCst) < claimed.fence, "the fence did not grow");
    store.renew(&[renewal(&claim)]).await.unwrap().pop().unwrap().unwrap();
    assert_eq!(held.now.fetch_sub(1, Ordering::SeqCst), 1);
    if claimed.attempt < 20 {
        store.fail(&failure(&claim, Failure::Release)).await.unwrap();
        return false;
    }
    let verdict = store.complete(&completion(&claim, &claimed, b"x")).await.unwrap();
    assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
    held.completed.fetch_add(1, Ordering::SeqCst);
    true
}
