//! Many at once on few keys: one runs, everybody is answered.

use idem_runtime::Store;
use idem_runtime::claim::RenewVerdict;

use crate::support::{Bench, key, renewal, request, run_each_key_once};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_of_each_of_two_stores_run_each_key_once() {
    let bench = Bench::new().await;
    run_each_key_once(bench.store.clone(), bench.neighbour().await).await;
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
