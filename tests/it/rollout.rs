//! A task that is being introduced: in shadow, and for a share of its keys.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use idem::testing::Op;
use idem::{Delivery, Error, MemoryStore, Outcome, Runtime, RuntimeBuilder, Store, idempotent};

use crate::support::{AppError, Gate, away};

static RUNS: AtomicU32 = AtomicU32::new(0);

#[idempotent(name = "it.rollout.shadowed", strict, expires_after = "1h", key(id))]
async fn shadowed(id: u32, gate: Option<&Gate>) -> Result<u32, AppError> {
    if let Some(gate) = gate {
        gate.pass().await;
    }
    Ok(id + RUNS.fetch_add(1, Ordering::SeqCst))
}

#[idempotent(name = "it.rollout.share")]
async fn shared(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[cfg(feature = "sqlite")]
#[idempotent(name = "it.rollout.transactional", transaction = _tx)]
async fn transactional(_tx: &mut idem::sqlx::SqliteConnection, id: u32) -> Result<u32, AppError> {
    Ok(id)
}

fn builder(store: &Arc<dyn Store>) -> RuntimeBuilder {
    Runtime::builder().store(Arc::clone(store)).namespace("it")
}

#[tokio::test]
async fn in_shadow_everything_runs_and_is_recorded() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let runtime = builder(&store).shadow("it.rollout.shadowed").build().unwrap();
    runtime
        .enter(async {
            assert!(shadowed::call(1, None).await.unwrap().is_fresh());
            let again = shadowed::call(1, None).await.unwrap();
            assert!(matches!(again, Outcome::Unprotected { .. }), "{again:?}");
            let record = shadowed::status(&1).await.unwrap().unwrap();
            assert_eq!((record.state.as_str(), record.attempt), ("completed", 1));

            // While one runs, another runs beside it and does not wait.
            let gate = Gate::new(0);
            let running = shadowed(2, Some(&gate));
            tokio::pin!(running);
            tokio::select! {
                ended = &mut running => panic!("{ended:?}"),
                () = gate.entered() => {}
            }
            let beside = shadowed::call(2, None).await.unwrap();
            assert!(matches!(beside, Outcome::Unprotected { .. }), "{beside:?}");
            gate.open();
            running.await.unwrap();

            assert!(shadowed::cancel(&3).await.unwrap());
            shadowed(3, None).await.unwrap();
            let long_ago = SystemTime::now() - Duration::from_secs(7_200);
            Delivery::new().enqueued_at(long_ago).run(shadowed(4, None)).await.unwrap();
        })
        .await;
    let report = runtime.audit(Vec::<idem::Expected>::new()).await.unwrap();
    let task = report.tasks.iter().find(|task| task.task == "it.rollout.shadowed").unwrap();
    assert!(task.guarantee.to_string().contains("in shadow"), "{}", task.guarantee);
    // The same calls are refused without the shadow.
    let strict = builder(&store).build().unwrap().enter(shadowed(1, None)).await;
    assert!(matches!(strict, Err(AppError::Idem(Error::Duplicate { .. }))), "{strict:?}");
}

#[tokio::test]
async fn in_shadow_a_store_that_is_away_refuses_nothing() {
    let store = idem::testing::FaultStore::new(Arc::new(MemoryStore::new()));
    store.faults().always(Op::Claim, away());
    let runtime = Runtime::builder().store(store).shadow("it.rollout.shadowed").build().unwrap();
    let outcome = runtime.enter(shadowed::call(1, None)).await.unwrap();
    assert!(matches!(outcome, Outcome::Unprotected { .. }), "{outcome:?}");
}

/// Which of a thousand keys are protected.
async fn protected(percent: u8) -> BTreeSet<u32> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    // Two processes: what one has recorded, the other knows.
    let runtimes = [0, 1].map(|_| builder(&store).rollout("it.rollout.share", percent).build().unwrap());
    let mut protected = BTreeSet::new();
    for id in 0..1_000 {
        let first = runtimes[0].enter(shared::call(id)).await.unwrap();
        let second = runtimes[1].enter(shared::call(id)).await.unwrap();
        match (first, second) {
            (Outcome::Fresh { .. }, Outcome::Replayed { .. }) => _ = protected.insert(id),
            (Outcome::Unprotected { .. }, Outcome::Unprotected { .. }) => {}
            torn => panic!("{id}: {torn:?}"),
        }
    }
    protected
}

#[tokio::test]
async fn a_share_is_the_same_in_every_process_and_part_of_every_larger_one() {
    let (none, tenth, half, all) = (protected(0).await, protected(10).await, protected(50).await, protected(100).await);
    assert!(none.is_empty());
    assert!((60..140).contains(&tenth.len()), "{}", tenth.len());
    assert!((430..570).contains(&half.len()), "{}", half.len());
    assert!(half.is_superset(&tenth));
    assert_eq!(all.len(), 1_000);
}

#[test]
fn what_cannot_be_introduced_is_refused_when_the_runtime_is_built() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let refused = |builder: RuntimeBuilder, expected: &str| {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refused(builder(&store).shadow("it.rollout.shadwed"), "did you mean `it.rollout.shadowed`?");
    refused(builder(&store).rollout("it.rollout.share", 101), "101 percent");
    refused(builder(&store).rollout("it.rollout.share", 10).shadow("it.rollout.share"), "twice");
    #[cfg(feature = "sqlite")]
    refused(builder(&store).shadow("it.rollout.transactional"), "is transactional");
}
