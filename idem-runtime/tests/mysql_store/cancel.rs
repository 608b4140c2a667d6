//! A future that is dropped leaves no lock, no transaction, no half-written row, and a store that goes on.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use idem_runtime::claim::{CancelRequest, CompleteVerdict, Failure};
use idem_runtime::policy::Retention;
use idem_runtime::store::{ListQuery, StoreFuture};
use idem_runtime::testing::proxy::{Proxy, WireFault};
use idem_runtime::{MySqlStore, Store};
use sqlx::AssertSqlSafe;

use crate::support::{
    Bench, DAY, Database, Dropped, builder, claimed, completion, done, failure, key, renewal, request,
};

/// An operation.
type Call<A, T> = for<'a> fn(&'a MySqlStore, &'a A) -> StoreFuture<'a, T>;

/// A store behind a proxy, so that what is asked of it can be kept under way.
struct Behind<'a> {
    bench: &'a Bench,
    store: MySqlStore,
    proxy: Proxy,
}

impl<'a> Behind<'a> {
    async fn new(bench: &'a Bench) -> Self {
        let proxy = Proxy::before(&bench.database.url).unwrap();
        let url = proxy.url(&bench.database.url).unwrap();
        Self { bench, store: MySqlStore::connect(&url).await.unwrap(), proxy }
    }
}

/// Drops an operation whose request, and then whose reply, is under way; then after its first poll, its second, and so on
/// until it gets to its end. Asks it again each time. Answers how often it was dropped.
async fn dropped<A, T>(behind: &Behind<'_>, question: impl Fn() -> A, call: Call<A, T>, check: impl Fn(T)) -> u32 {
    let Behind { bench, store, proxy } = behind;
    for fault in [WireFault::HoldRequest, WireFault::HoldReply] {
        proxy.always(fault);
        let question = question();
        // No answer wakes it: it is looked at once, and given up.
        let mut asked = call(store, &question);
        assert!(poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await.is_pending(), "who answered?");
        drop(asked);
        proxy.heal();
        proxy.release();
        check(call(store, &question).await.unwrap());
    }
    let mut polls_left = 1;
    loop {
        let question = question();
        let ended = Dropped { future: call(store, &question), polls_left }.await;
        check(call(store, &question).await.unwrap());
        if ended.is_some() {
            nothing_stays_behind(bench).await;
            return polls_left + 1;
        }
        polls_left += 1;
    }
}

/// Nobody is in a transaction, once the server has seen who is gone.
async fn nothing_stays_behind(bench: &Bench) {
    let mut raw = bench.database.raw().await;
    let left = format!(
        "SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p
         ON p.id = t.trx_mysql_thread_id WHERE p.db = '{}'",
        bench.database.name
    );
    for _ in 0..400 {
        let left: i64 = sqlx::query_scalar(AssertSqlSafe(left.clone())).fetch_one(&mut raw).await.unwrap();
        if left == 0 {
            return;
        }
        // tidy: allow sleep: between looks, and at most 400 of them.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("transactions stay behind");
}

#[tokio::test]
async fn every_operation_dropped_anywhere_is_repeated() {
    let bench = Bench::new().await;
    let behind = Behind::new(&bench).await;
    let claim = request(key("t", 1));
    let fresh = || request(key("fresh", u64::from(rand::random::<u32>())));
    let once = |verdict| assert_eq!(claimed(verdict).attempt, 1);
    let mut drops = vec![dropped(&behind, fresh, |s, c| s.claim(c), once).await];
    for n in 10..20 {
        done(&bench.store, key("t", n), b"x").await;
    }
    let granted = bench.claim(&claim).await;
    drops.push(dropped(&behind, || vec![renewal(&claim); 3], |s, c| s.renew(c), drop).await);
    let ended = completion(&claim, &granted, b"x");
    let is_done =
        |verdict| assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
    drops.push(dropped(&behind, || ended.clone(), |s, c| s.complete(c), is_done).await);
    let released = request(key("t", 2));
    bench.claim(&released).await;
    drops.push(dropped(&behind, || failure(&released, Failure::Park), |s, c| s.fail(c), drop).await);
    let cancel = CancelRequest { key: key("t", 3), grace: Retention::Forever };
    drops.push(dropped(&behind, || cancel.clone(), |s, c| s.cancel(c), drop).await);
    drops.push(dropped(&behind, || key("t", 2), |s, c| s.clear(c, true), drop).await);
    drops.push(dropped(&behind, || key("t", 1), |s, c| s.get(c), drop).await);
    drops.push(dropped(&behind, ListQuery::default, |s, c| s.list(c), drop).await);
    bench.age(DAY).await;
    drops.push(dropped(&behind, || 5, |s, c| s.sweep(*c), drop).await);
    drops.push(dropped(&behind, || (), |s, ()| s.describe(), drop).await);
    drops.push(dropped(&behind, || (), |s, ()| s.keeper(), drop).await);
    assert!(drops.iter().sum::<u32>() > 11, "{drops:?}");
}

#[tokio::test]
async fn an_opening_dropped_anywhere_leaves_tables_that_open() {
    for polls_left in 1.. {
        let database = Database::new().await;
        let ended = Dropped { future: Box::pin(builder(&database).open()), polls_left }.await;
        done(&builder(&database).open().await.unwrap(), key("t", 1), b"x").await;
        if ended.is_some() {
            assert!(polls_left > 1, "never dropped");
            return;
        }
    }
}

#[tokio::test]
async fn a_thousand_dropped_claims_leak_no_connection() {
    let bench = Bench::new().await;
    let used = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let before = used();
    for n in 0..1_000_u32 {
        let claim = request(key("t", u64::from(n % 10)));
        _ = Dropped { future: bench.store.claim(&claim), polls_left: 1 + n % 5 }.await;
    }
    claimed(bench.store.claim(&request(key("last", 1))).await.unwrap());
    assert!(used() <= before + 4, "{before} files open before, {} after", used());
    nothing_stays_behind(&bench).await;
}
