//! A future that is dropped leaves a connection that works, and nothing half done.

use std::pin::Pin;
use std::task::{Context, Poll};

use idem_runtime::claim::{CancelRequest, CompleteVerdict, Failure};
use idem_runtime::policy::Retention;
use idem_runtime::store::{ListQuery, StoreFuture};
use idem_runtime::{RedisStore, Store};

use crate::support::{Bench, claimed, completion, done, failure, key, renewal, request};

/// Polls a future so often, as it asks to be polled, and then drops it.
struct Dropped<F> {
    future: F,
    polls_left: u32,
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

/// Drops an operation after its first poll, its second, and so on until it gets to its end, each under a prefix
/// of its own; then asks it again.
async fn dropped_everywhere<A, T>(
    prepare: impl AsyncFn(&Bench),
    asked: A,
    ask: impl for<'a> Fn(&'a RedisStore, &'a A) -> StoreFuture<'a, T>,
    check: impl Fn(T),
) -> u32 {
    for polls_left in 1.. {
        let bench = Bench::new().await;
        prepare(&bench).await;
        let ended = Dropped { future: ask(&bench.store, &asked), polls_left }.await;
        done(&bench.store, key("another", u64::from(polls_left)), b"x").await;
        done(&bench.neighbour().await, key("yet another", u64::from(polls_left)), b"x").await;
        check(ask(&bench.store, &asked).await.unwrap());
        if ended.is_some() {
            return polls_left - 1;
        }
    }
    unreachable!()
}

#[tokio::test]
async fn a_claim_dropped_anywhere_is_repeated_by_its_owner() {
    let claim = request(key("t", 1));
    let check = |verdict| assert_eq!(claimed(verdict).attempt, 1);
    let drops = dropped_everywhere(async |_| {}, claim, |store, claim| store.claim(claim), check).await;
    assert!(drops >= 1, "never dropped");
}

#[tokio::test]
async fn a_completion_dropped_anywhere_is_repeated() {
    let claim = request(key("t", 1));
    for polls_left in 1.. {
        let bench = Bench::new().await;
        let asked = completion(&claim, &bench.claim(&claim).await, b"x");
        let ended = Dropped { future: bench.store.complete(&asked), polls_left }.await;
        let verdict = bench.store.complete(&asked).await.unwrap();
        assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
        if ended.is_some() {
            assert!(polls_left > 1, "never dropped");
            return;
        }
    }
}

#[tokio::test]
async fn every_other_operation_dropped_anywhere_leaves_the_store_usable() {
    let claim = request(key("t", 1));
    let prepare = async |bench: &Bench| {
        bench.claim(&claim).await;
        done(&bench.store, key("t", 2), b"x").await;
    };
    let renew = vec![renewal(&claim); 3];
    let cancel = CancelRequest { key: key("t", 3), grace: Retention::Forever };
    let drops = [
        dropped_everywhere(prepare, renew.clone(), |s, c| s.renew(c), drop).await,
        dropped_everywhere(prepare, failure(&claim, Failure::Park), |s, c| s.fail(c), drop).await,
        dropped_everywhere(prepare, cancel.clone(), |s, c| s.cancel(c), drop).await,
        dropped_everywhere(prepare, claim.key.clone(), |s, c| s.clear(c, true), drop).await,
        dropped_everywhere(prepare, claim.key.clone(), |s, c| s.get(c), drop).await,
        dropped_everywhere(prepare, ListQuery::default(), |s, c| s.list(c), drop).await,
        dropped_everywhere(prepare, 5, |s, c| s.sweep(*c), drop).await,
        dropped_everywhere(prepare, (), |s, ()| s.describe(), drop).await,
        dropped_everywhere(prepare, (), |s, ()| s.keeper(), drop).await,
    ];
    assert!(drops.iter().all(|drops| *drops >= 1), "{drops:?}");
}

#[tokio::test]
async fn an_operation_dropped_while_it_reconnects_leaves_a_store_that_connects() {
    for polls_left in 1.. {
        let bench = Bench::new().await;
        let claim = request(key("t", 1));
        let url = bench.url.clone();
        let proxy = idem_runtime::testing::proxy::Proxy::before(&url).unwrap();
        let store = RedisStore::builder(&proxy.url(&url).unwrap()).prefix(&bench.prefix).connect().await.unwrap();
        proxy.cut_all().await;
        let ended = Dropped { future: store.claim(&claim), polls_left }.await;
        assert_eq!(claimed(store.claim(&claim).await.unwrap()).attempt, 1);
        if ended.is_some() {
            assert!(polls_left > 2, "never dropped while it connected");
            return;
        }
    }
}
