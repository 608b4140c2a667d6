//! A server that dies in the middle of work.

use std::sync::Arc;

use idem_runtime::claim::{ClaimVerdict, CompleteRequest, CompleteVerdict};
use idem_runtime::record::State;
use idem_runtime::{Store, StoreError};
use tokio::sync::watch;

use crate::bench::{Bench, answer, back, new_key};
use crate::store_support::{completion, request};

const CRASHES: usize = 3;
const CALLERS: usize = 8;

/// Completions before a crash.
const ENOUGH: usize = 200;

/// STORE-3.
pub async fn what_was_answered_before_a_crash_is_there_after_it(bench: &Bench) {
    for _ in 0..CRASHES {
        let answered = watch::Sender::new(0);
        let callers: Vec<_> =
            (0..CALLERS).map(|_| tokio::spawn(work(Arc::clone(&bench.store), answered.clone()))).collect();
        answered.subscribe().wait_for(|answered| *answered >= ENOUGH).await.unwrap();
        bench.server.kill();
        let (mut done, mut unknown) = (Vec::new(), Vec::new());
        for caller in callers {
            let (answered, last) = caller.await.unwrap();
            done.extend(answered);
            unknown.extend(last);
        }
        bench.server.start_again();
        back(&*bench.store).await;
        for request in &unknown {
            let again = answer(bench.store.complete(request)).await.unwrap();
            assert!(matches!(again, CompleteVerdict::Completed { restored: false, .. }), "{again:?}");
        }
        for request in done.iter().chain(&unknown) {
            let record = answer(bench.store.get(&request.claim.key)).await.unwrap();
            let record = record.unwrap_or_else(|| panic!("of {} answered completions one is gone", done.len()));
            assert_eq!((record.state, record.attempt, record.fence), (State::Completed, 1, request.fence));
            assert_eq!(record.result.as_ref(), Some(&request.result));
        }
    }
}

/// One key after the other until the server is gone: the completions that were answered, and the one that was not.
async fn work(
    store: Arc<dyn Store>,
    answered: watch::Sender<usize>,
) -> (Vec<CompleteRequest>, Option<CompleteRequest>) {
    let mut done = Vec::new();
    loop {
        let claim = request(new_key());
        let claimed = match answer(store.claim(&claim)).await {
            Ok(ClaimVerdict::Claimed(claimed)) => claimed,
            Err(StoreError::Unavailable { .. }) => return (done, None),
            other => panic!("{other:?}"),
        };
        let completion = completion(&claim, &claimed, b"done");
        match answer(store.complete(&completion)).await {
            Ok(CompleteVerdict::Completed { .. }) => done.push(completion),
            Err(StoreError::Unavailable { .. }) => return (done, Some(completion)),
            other => panic!("{other:?}"),
        }
        answered.send_modify(|answered| *answered += 1);
    }
}
