//! What tests of more than one store play: futures that are given up, callers that are not, crowds, and rows that do not read.
#![allow(clippy::unwrap_used, dead_code, reason = "helpers of tests, not all of them in each")]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use idem_runtime::claim::{ClaimRequest, ClaimVerdict, Claimed, CompleteVerdict, Failure};
use idem_runtime::store::{ListQuery, StoreFuture};
use idem_runtime::{Store, StoreError};

use super::requests::{claimed, completion, failure, key, renewal, request};

/// Polls a future so often, as it asks to be polled, and then drops it.
pub struct Dropped<F> {
    pub future: F,
    pub polls_left: u32,
}

impl<F: Future + Unpin> Future for Dropped<F> {
    /// What the future answered, where it did in time.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls_left == 0 {
            return Poll::Ready(None);
        }
        self.polls_left -= 1;
        Pin::new(&mut self.future).poll(context).map(Some)
    }
}

/// Asks until there is an answer, as the pipeline does.
pub async fn persistent<'a, T>(ask: impl Fn() -> StoreFuture<'a, T>) -> T {
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(StoreError::Unavailable { .. }) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    }
}

/// What each operation says of a row that does not read.
pub async fn every_error(
    store: &impl Store,
    claim: &ClaimRequest,
    granted: Claimed,
) -> Vec<(&'static str, StoreError)> {
    let key = &claim.key;
    vec![
        ("claim", store.claim(claim).await.unwrap_err()),
        ("claim anew", store.claim(&request(key.clone())).await.unwrap_err()),
        ("complete", store.complete(&completion(claim, &granted, b"x")).await.unwrap_err()),
        ("fail", store.fail(&failure(claim, Failure::Release)).await.unwrap_err()),
        ("get", store.get(key).await.unwrap_err()),
        ("list", store.list(&ListQuery::default()).await.unwrap_err()),
        ("clear", store.clear(key, false).await.unwrap_err()),
        ("renew", store.renew(&[renewal(claim)]).await.unwrap().remove(0).unwrap_err()),
    ]
}

/// Eight workers run each its calls, while others interrupt them.
pub async fn calls_while<I: Future<Output = ()>>(store: &(impl Store + Clone), each: u64, interrupt: impl Fn() -> I) {
    let work = (0..8).map(|worker| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..each {
                let claim = request(key("t", worker * 1_000 + n));
                let claimed = claimed(persistent(|| store.claim(&claim)).await);
                assert_eq!(claimed.attempt, 1);
                let completion = completion(&claim, &claimed, b"x");
                let done = persistent(|| store.complete(&completion)).await;
                assert!(matches!(done, CompleteVerdict::Completed { restored: false, .. }), "{done:?}");
            }
        })
    });
    let work: Vec<_> = work.collect();
    while work.iter().any(|worker| !worker.is_finished()) {
        interrupt().await;
    }
    for worker in work {
        worker.await.unwrap();
    }
}

/// 128 tasks, half of them on each store, call the same twenty keys.
pub async fn run_each_key_once<S: Store + Clone>(one: S, other: S) {
    let bodies: Arc<[AtomicU64; 20]> = Arc::default();
    let tasks = (0..128).map(|task| {
        let store = if task % 2 == 0 { one.clone() } else { other.clone() };
        let bodies = Arc::clone(&bodies);
        tokio::spawn(async move {
            for n in 0..bodies.len() {
                let at = (n + task) % bodies.len();
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
async fn call(store: &impl Store, number: u64, body: &AtomicU64, mut fickle: bool) {
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
