//! The table of `docs/spec/protocol.md` that says, for each fault under each policy, what the caller gets, what the record
//! becomes and what the next delivery gets: every cell, on every store.

mod befall;
mod faults;
mod play;
mod process;
mod table;
mod tasks;

use std::sync::Arc;

use futures::StreamExt as _;
use idem::Store;

use self::play::{Play, Seen};
use self::table::Cell;
#[cfg(all(feature = "redis", feature = "postgres"))]
use crate::support::{BOUND, Place};
use crate::support::{Bench, Kind};

/// So many cells are played at a time: each waits for leases most of its time, and has connections of its own.
const AT_ONCE: usize = 16;

/// Plays each cell, as it is and `strict`, and compares what was seen with what the table says.
async fn every_cell(records: &Arc<dyn Store>) {
    let cells: Vec<Cell> = table::cells();
    let plays = cells.iter().enumerate().flat_map(|(number, cell)| {
        [false, true]
            .map(|strict| (cell, Play { records, policy: cell.policy, strict, id: 2 * number + usize::from(strict) }))
    });
    let played = futures::stream::iter(plays).map(async |(cell, play)| {
        let expected = cell.expected(play.strict)?;
        let Play { policy, strict, .. } = play;
        let found: Seen = faults::play(cell.fault, play).await;
        let told = || format!("{} × {policy}, strict = {strict}: found {found}, the table says {expected}", cell.fault);
        (found != expected).then(told)
    });
    let wrong: Vec<_> = played.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn on(kind: Kind) {
    let bench = Bench::by_real_clocks(kind).await;
    every_cell(bench.store.inner()).await;
}

#[tokio::test]
async fn every_cell_is_so_in_memory() {
    on(Kind::Memory).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn every_cell_is_so_in_sqlite() {
    on(Kind::Sqlite).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn every_cell_is_so_in_postgres() {
    on(Kind::Postgres).await;
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn every_cell_is_so_in_mysql() {
    on(Kind::MySql).await;
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn every_cell_is_so_in_redis() {
    on(Kind::Redis).await;
}

/// Redis in front of PostgreSQL.
#[cfg(all(feature = "redis", feature = "postgres"))]
#[tokio::test]
async fn every_cell_is_so_behind_a_cache() {
    let cache = Place::redis();
    let durable = Bench::by_real_clocks(Kind::Postgres).await;
    let cache = idem::RedisStore::connect(&cache.url).await.unwrap();
    // Many cells share a thread: none of them is to take the others' work for a cache that does not answer.
    let tiered = idem::TieredStore::builder(cache, Arc::clone(durable.store.inner())).cache_timeout(BOUND);
    let tiered: Arc<dyn Store> = Arc::new(tiered.build());
    every_cell(&tiered).await;
}

/// The cells without an answer, and the tables of transactions: such tasks do not compile, nor can they be configured.
#[test]
fn what_has_no_cell_cannot_be_written() {
    let refused = [
        include_str!("../../ui/failure/reconcile_beside_on_stale.stderr"),
        include_str!("../../ui/failure/reconcile_in_a_transaction.stderr"),
        include_str!("../../ui/failure/on_stale_in_a_transaction.stderr"),
        include_str!("../../ui/failure/on_error_in_a_transaction.stderr"),
        include_str!("../../ui/failure/max_attempts_in_a_transaction.stderr"),
    ];
    assert!(refused.iter().all(|told| told.starts_with("error")));
    let set = |on_stale| {
        let builder = idem::Runtime::builder().store(idem::MemoryStore::new());
        builder.task("it.policies.released", |task| task.on_stale(on_stale)).build().map(drop)
    };
    let error = set(idem::policy::OnStale::Reconcile).unwrap_err().to_string();
    assert!(error.contains("there is no function to ask"), "{error}");
    set(idem::policy::OnStale::Park).unwrap();
}
