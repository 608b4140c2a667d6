//! A future that is dropped leaves no lock, no transaction, no half-written row, and a store that goes on.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use idem_runtime::claim::{CancelRequest, CompleteVerdict, Failure};
use idem_runtime::policy::Retention;
use idem_runtime::store::{ListQuery, StoreFuture};
use idem_runtime::testing::proxy::{Proxy, WireFault};
use idem_runtime::{PostgresStore, Store};
use sqlx::postgres::PgPoolOptions;

use crate::support::{Bench, DAY, Dropped, builder, claimed, completion, done, failure, key, renewal, request};

/// An operation.
type Call<A, T> = for<'a> fn(&'a PostgresStore, &'a A) -> StoreFuture<'a, T>;

/// A store behind a proxy, so that what is asked of it can be kept under way.
struct Behind<'a> {
    bench: &'a Bench,
    store: PostgresStore,
    proxy: Proxy,
}

/// Drops an operation whose request, and then whose reply, is under way; then after its first poll, its second, and so on
/// until it gets to its end: an answer that is there at once leaves no point for it. Asks it again each time. Answers how
/// often it was dropped.
async fn dropped_everywhere<A, T>(
    behind: &Behind<'_>,
    question: impl Fn() -> A,
    call: Call<A, T>,
    check: impl Fn(T),
) -> u32 {
    let Behind { bench, store, proxy } = behind;
    let mut dropped = 0;
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
        dropped += 1;
    }
    for polls_left in 1.. {
        let question = question();
        let ended = Dropped { future: call(store, &question), polls_left }.await;
        check(call(store, &question).await.unwrap());
        if ended.is_some() {
            break;
        }
        dropped += 1;
    }
    nothing_stays_behind(bench).await;
    dropped
}

/// Nobody holds a transaction open, and nobody waits for a lock, once the server has seen who is gone.
async fn nothing_stays_behind(bench: &Bench) {
    let mut raw = bench.schema.raw().await;
    let left = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND l.pid <> pg_backend_pid()";
    for _ in 0..400 {
        let left: i64 = sqlx::query_scalar(left).bind(&bench.schema.name).fetch_one(&mut raw).await.unwrap();
        if left == 0 {
            return;
        }
        // tidy: allow sleep: between looks, and at most 400 of them.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("locks stay behind");
}

async fn every_operation(behind: &Behind<'_>) {
    let Behind { bench, store, .. } = behind;
    let mut dropped = 0;
    let claim = request(key("t", 1));
    let check = |verdict| assert_eq!(claimed(verdict).attempt, 1);
    let fresh = || request(key("fresh", u64::from(rand::random::<u32>())));
    dropped += dropped_everywhere(behind, fresh, |s, c| s.claim(c), check).await;
    for n in 10..20 {
        done(store, key("t", n), b"x").await;
    }
    let granted = bench.claim(&claim).await;
    let renew = vec![renewal(&claim); 3];
    dropped += dropped_everywhere(behind, || renew.clone(), |s, c| s.renew(c), drop).await;
    let done = completion(&claim, &granted, b"x");
    let check = |verdict| assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
    dropped += dropped_everywhere(behind, || done.clone(), |s, c| s.complete(c), check).await;
    let released = request(key("t", 2));
    bench.claim(&released).await;
    dropped += dropped_everywhere(behind, || failure(&released, Failure::Park), |s, c| s.fail(c), drop).await;
    let cancel = CancelRequest { key: key("t", 3), grace: Retention::Forever };
    dropped += dropped_everywhere(behind, || cancel.clone(), |s, c| s.cancel(c), drop).await;
    dropped += dropped_everywhere(behind, || key("t", 2), |s, c| s.clear(c, true), drop).await;
    dropped += dropped_everywhere(behind, || key("t", 1), |s, c| s.get(c), drop).await;
    dropped += dropped_everywhere(behind, ListQuery::default, |s, c| s.list(c), drop).await;
    bench.age(DAY).await;
    dropped += dropped_everywhere(behind, || 5, |s, c| s.sweep(*c), drop).await;
    dropped += dropped_everywhere(behind, || (), |s, ()| s.describe(), drop).await;
    dropped += dropped_everywhere(behind, || (), |s, ()| s.keeper(), drop).await;
    assert!(dropped > 11, "{dropped}");
}

#[tokio::test]
async fn every_operation_dropped_anywhere_is_repeated() {
    let bench = Bench::new().await;
    let proxy = Proxy::before(&bench.schema.url).unwrap();
    let url = proxy.url(&bench.schema.url).unwrap();
    let store = PostgresStore::builder(&url).schema(&bench.schema.name).open().await.unwrap();
    every_operation(&Behind { bench: &bench, store, proxy }).await;
}

#[tokio::test]
async fn every_operation_dropped_anywhere_gives_the_pool_its_connection_back() {
    let bench = Bench::new().await;
    let proxy = Proxy::before(&bench.schema.url).unwrap();
    let url = proxy.url(&bench.schema.url).unwrap();
    let pool = PgPoolOptions::new().max_connections(2).connect(&url).await.unwrap();
    let store = PostgresStore::pool_builder(pool).schema(&bench.schema.name).open().await.unwrap();
    every_operation(&Behind { bench: &bench, store, proxy }).await;
}

#[tokio::test]
async fn an_opening_dropped_anywhere_leaves_tables_that_open() {
    for polls_left in 1.. {
        let schema = crate::support::Schema::new().await;
        let ended = Dropped { future: Box::pin(builder(&schema).open()), polls_left }.await;
        done(&builder(&schema).open().await.unwrap(), key("t", 1), b"x").await;
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
