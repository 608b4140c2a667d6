//! Many callers on a network that loses something all the time.

use std::sync::Arc;

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict};
use idem_runtime::record::StoredResult;
use idem_runtime::testing::proxy::WireFault;
use idem_runtime::{Key, Store, StoreError};

use crate::bench::{Bench, answer, new_key};
use crate::store_support::{completion, request};

const KEYS: u64 = 40;
const CALLERS: usize = 6;

/// From one fault to the next: near enough that new connections fail too, and so uneven that no retry fails each time.
const EXCHANGES: [u64; 7] = [3, 7, 4, 9, 5, 2, 8];

pub async fn of_many_callers_one_is_granted_and_all_see_its_result(bench: &Bench) {
    let faults = [WireFault::LoseRequest, WireFault::LoseReply, WireFault::HalfReply];
    let mut number = bench.proxy.exchanges();
    for (exchanges, fault) in EXCHANGES.iter().cycle().zip(faults.iter().cycle()).take(10_000) {
        number += exchanges;
        bench.proxy.at(number, *fault);
    }
    for _ in 0..KEYS {
        let key = new_key();
        let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(call(Arc::clone(&bench.store), key.clone()))).collect();
        let mut results = Vec::new();
        let mut granted = 0;
        for caller in callers {
            let (was_granted, result) = caller.await.unwrap();
            granted += usize::from(was_granted);
            results.push(result);
        }
        assert_eq!(granted, 1, "of {CALLERS} callers");
        assert!(results.iter().all(|result| *result == results[0]), "{results:?}");
        let record = bench.other.get(&key).await.unwrap().unwrap();
        assert_eq!((record.attempt, record.result.as_ref()), (1, Some(&results[0])));
    }
    assert!(bench.proxy.faults() > KEYS, "only {} faults", bench.proxy.faults());
}

/// Claims until the key is done, and does it where the claim is granted: whether it was, and the result.
async fn call(store: Arc<dyn Store>, key: Key) -> (bool, StoredResult) {
    let claim = request(key);
    loop {
        match until_answered(|| store.claim(&claim)).await {
            ClaimVerdict::Claimed(claimed) => {
                let completion = completion(&claim, &claimed, claim.owner.as_bytes());
                let done = until_answered(|| store.complete(&completion)).await;
                assert!(matches!(done, CompleteVerdict::Completed { restored: false, .. }), "{done:?}");
                return (true, completion.result);
            }
            ClaimVerdict::Completed(record) => return (false, record.result.clone().unwrap()),
            ClaimVerdict::Running { .. } => tokio::task::yield_now().await,
            other => panic!("{other:?}"),
        }
    }
}

/// The same request, as often as it takes.
async fn until_answered<T, F>(mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 0..1_000 {
        match answer(ask()).await {
            Err(StoreError::Unavailable { .. }) => {}
            answered => return answered.unwrap(),
        }
    }
    panic!("never answered, though most exchanges are in order");
}
