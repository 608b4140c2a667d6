//! What dropped calls leave to the keeper: how it is sent, and how much of it.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use idem::testing::{Fault, FaultStore, Op};
use idem::{MemoryStore, Runtime, StoreError};

use crate::support::{AppError, BOUND, away, on_each_store};

/// A call that is dropped in its body, or at its claim.
fn drops(runtime: &Runtime, id: u64) {
    let run = runtime.call("it.left").lease("1h").arg("id", &id);
    assert!(run.run(async || Ok::<_, AppError>(std::future::pending::<u32>().await)).now_or_never().is_none());
}

async fn settled(runtime: &Runtime) {
    let told = runtime.shutdown(BOUND).await;
    assert!(told.is_complete(), "{told}");
}

on_each_store! {
    async fn what_was_not_answered_is_sent_again(bench: Bench) {
        let sent = bench.store.keeper_faults();
        sent.next(Op::Fail, away());
        drops(&bench.runtime, 1);
        settled(&bench.runtime).await;
        assert_eq!(sent.count(Op::Fail), 2);
    }

    async fn what_the_store_refuses_is_not_sent_again(bench: Bench) {
        let sent = bench.store.keeper_faults();
        let refusal = StoreError::Corrupt { key: "0".into(), reason: "the test says so".into() };
        sent.next(Op::Fail, Fault::Error(refusal));
        drops(&bench.runtime, 1);
        settled(&bench.runtime).await;
        assert_eq!(sent.count(Op::Fail), 1);
    }

    /// A machine that stood still: the leases are over, and the store does not answer the first.
    async fn what_was_never_sent_is_sent_once_however_late(bench: Bench) {
        let (faults, sent) = (bench.store.faults(), bench.store.keeper_faults());
        faults.next(Op::Keeper, Fault::HoldRequest);
        sent.next(Op::Fail, away());
        (1..=3).for_each(|id| drops(&bench.runtime, id));
        faults.reached(Op::Keeper, 1).await;
        bench.clock.advance(Duration::from_secs(7_200));
        faults.release();
        settled(&bench.runtime).await;
        assert_eq!(sent.count(Op::Fail), 3);
    }

    /// However often the keeper looks meanwhile.
    async fn one_is_sent_after_the_other(bench: Bench) {
        let sent = bench.store.keeper_faults();
        sent.always(Op::Fail, Fault::HoldRequest);
        drops(&bench.runtime, 1);
        sent.reached(Op::Fail, 1).await;
        // Each is news, at which the keeper looks; the beats of the first one's successor say that it did.
        for id in 2..=3 {
            drops(&bench.runtime, id);
            let run = bench.runtime.call("it.left.beside").lease("3s").arg("id", &id);
            let beats = sent.count(Op::Renew);
            let run = run.run(async || {
                bench.clock.advance(Duration::from_millis(1500));
                sent.reached(Op::Renew, beats + 1).await;
                Ok::<_, AppError>(1)
            });
            run.await.unwrap();
        }
        assert_eq!(sent.count(Op::Fail), 1);
        sent.heal();
        sent.release();
        settled(&bench.runtime).await;
        assert_eq!(sent.count(Op::Fail), 3);
    }
}

/// What is more is left to the leases.
#[tokio::test]
async fn so_many_are_kept_and_no_more() {
    let store = FaultStore::new(Arc::new(MemoryStore::new()));
    store.faults().always(Op::Keeper, away());
    let runtime = Runtime::builder().store(store).build().unwrap();
    (0..32_770).for_each(|id| drops(&runtime, id));
    let told = runtime.shutdown(Duration::ZERO).await;
    assert_eq!(told.unsettled.len(), 32_768);
}
