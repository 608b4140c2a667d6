//! A future that is dropped leaves no lock, no half-written row, and a store that goes on.

use std::pin::Pin;
use std::task::{Context, Poll};

use idem_runtime::claim::{CancelRequest, Claimed, CompleteVerdict, Failure, RenewRequest};
use idem_runtime::clock::Timestamp;
use idem_runtime::policy::Retention;
use idem_runtime::store::{ListQuery, StoreFuture};
use idem_runtime::{SqliteStore, Store};

use crate::support::{Bench, DAY, LEASE, START, claimed, completion, failure, key, request};

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

/// Drops an operation after its first poll, its second, and so on until it gets to its end, each on a store in the
/// same condition; then asks it again. Answers how often it was dropped: a store that is quick has fewer points.
async fn dropped_everywhere<A, T>(
    prepare: impl AsyncFn(&Bench),
    asked: A,
    ask: impl for<'a> Fn(&'a SqliteStore, &'a A) -> StoreFuture<'a, T>,
    check: impl Fn(T),
) -> u32 {
    for polls_left in 1.. {
        let bench = Bench::new().await;
        prepare(&bench).await;
        let ended = Dropped { future: ask(&bench.store, &asked), polls_left }.await;
        // Whoever comes next, here or in another process, finds the file free.
        let mut raw = bench.raw().await;
        sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK").execute(&mut raw).await.unwrap();
        let free = request(key("another", 1));
        claimed(bench.neighbour().await.claim(&free).await.unwrap());
        check(ask(&bench.store, &asked).await.unwrap());
        let whole: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut raw).await.unwrap();
        assert_eq!(whole, "ok");
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
    let prepare = async |bench: &Bench| _ = bench.claim(&claim).await;
    let (fence, at) = (u64::try_from(START).unwrap(), Timestamp::from_micros(START));
    let granted = Claimed { fence, attempt: 1, lease_left: LEASE, at, began: at, previous: None };
    let asked = completion(&claim, &granted, b"x");
    let check = |verdict| assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
    let drops = dropped_everywhere(prepare, asked, |store, asked| store.complete(asked), check).await;
    assert!(drops >= 1, "never dropped");
}

#[tokio::test]
async fn every_other_operation_dropped_anywhere_leaves_the_store_usable() {
    let claim = request(key("t", 1));
    let prepare = async |bench: &Bench| {
        bench.claim(&claim).await;
        for n in 10..20 {
            crate::support::done(&bench.store, key("t", n), b"x").await;
        }
        bench.clock.advance(DAY);
    };
    let renew = vec![RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: LEASE }; 3];
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
    assert!(drops.iter().sum::<u32>() >= 9, "{drops:?}");
}

#[tokio::test]
async fn an_opening_dropped_anywhere_leaves_a_file_that_opens() {
    for polls_left in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("idem.db");
        let ended = Dropped { future: Box::pin(SqliteStore::open(&path)), polls_left }.await;
        crate::support::done(&SqliteStore::open(&path).await.unwrap(), key("t", 1), b"x").await;
        if ended.is_some() {
            assert!(polls_left > 1, "never dropped");
            return;
        }
    }
}

#[tokio::test]
async fn a_thousand_dropped_claims_leak_no_thread_and_no_file() {
    let bench = Bench::new().await;
    let used = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let before = used();
    for n in 0..1_000 {
        let claim = request(key("t", n % 10));
        _ = Dropped { future: bench.store.claim(&claim), polls_left: 1 + u32::try_from(n % 3).unwrap() }.await;
    }
    claimed(bench.store.claim(&request(key("last", 1))).await.unwrap());
    // The threads of dropped connections close their files in their own time.
    for _ in 0..1_000 {
        if used() <= before + 20 {
            return;
        }
        // tidy: allow sleep: between looks, and at most 1,000 of them.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("{before} files open before, {} after", used());
}
