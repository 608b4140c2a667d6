//! Many at once on few keys: one runs, everybody is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, Failure, RenewVerdict};
use idem_runtime::{MySqlStore, Store};

use crate::support::{Bench, completion, failure, key, renewal, request};

const KEYS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_of_each_of_two_stores_run_each_key_once() {
    let bench = Bench::new().await;
    let stores = [bench.store.clone(), bench.neighbour().await];
    let bodies: Arc<[AtomicU64; KEYS]> = Arc::default();
    let tasks = (0..128).map(|task| {
        let (store, bodies) = (stores[task % 2].clone(), Arc::clone(&bodies));
        tokio::spawn(async move {
            for n in 0..KEYS {
                let at = (n + task) % KEYS;
                call(&store, u64::try_from(at).unwrap(), &bodies[at], task % 5 == 0).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert!(bodies.iter().all(|body| body.load(Ordering::SeqCst) == 1), "{bodies:?}");
}

/// Claims until somebody has completed the key; some give the claim back first.
async fn call(store: &MySqlStore, number: u64, body: &AtomicU64, mut fickle: bool) {
    loop {
        let claim = request(key("t", number));
        match store.claim(&claim).await.unwrap() {
            ClaimVerdict::Completed(_) => return,
            ClaimVerdict::Running { .. } => tokio::task::yield_now().await,
            ClaimVerdict::Claimed(_) if fickle => {
                store.fail(&failure(&claim, Failure::NotStarted)).await.unwrap();
                fickle = false;
            }
            ClaimVerdict::Claimed(granted) => {
                body.fetch_add(1, Ordering::SeqCst);
                let done = store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
                assert!(matches!(done, CompleteVerdict::Completed { restored: false, .. }), "{done:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Batches of the same keys in any order: the database would undo one of two that wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn renewals_of_many_keepers_do_not_wait_for_each_other() {
    let bench = Bench::new().await;
    let mut renewals = Vec::new();
    for n in 0..100 {
        let claim = request(key("t", n));
        bench.claim(&claim).await;
        renewals.push(renewal(&claim));
    }
    let keepers = (0..8).map(|keeper| {
        let (store, mut renewals) = (bench.store.clone(), renewals.clone());
        tokio::spawn(async move {
            for turn in 0..20 {
                renewals.rotate_left((13 * keeper + turn) % 100);
                let answers = store.renew(&renewals).await.unwrap();
                assert!(answers.iter().all(|answer| *answer == Ok(RenewVerdict::Renewed)), "{answers:?}");
            }
        })
    });
    for keeper in keepers.collect::<Vec<_>>() {
        keeper.await.unwrap();
    }
}
