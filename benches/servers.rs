//! What a call costs on each server: first and duplicate, and in transactional mode against the same transaction without it.
//!
//! ```text
//! cargo bench --bench servers --all-features
//! ```
//! It uses the servers of the tests (`IDEM_TEST_POSTGRES_URL` and its like, else the standard ports), in places of its own.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::cell::Cell;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use idem::sqlx::postgres::{PgConnectOptions, PgConnection};
use idem::sqlx::{self, ConnectOptions as _, Connection as _};
use idem::{Runtime, idempotent};

#[path = "../tests/place/mod.rs"]
mod place;

use place::Place;

#[derive(Debug, thiserror::Error)]
enum BenchError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
}

#[idempotent(name = "bench.servers.call", ttl = "1h")]
async fn call(id: u64, topic: &str) -> Result<[u8; 32], BenchError> {
    Ok([7; 32])
}

const INSERT: &str = "INSERT INTO effects (id) VALUES ($1)";

#[idempotent(name = "bench.servers.book", ttl = "1h", transaction = tx)]
async fn book(tx: &mut PgConnection, id: i64) -> Result<(), BenchError> {
    sqlx::query(INSERT).bind(id).execute(tx).await?;
    Ok(())
}

fn calls(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let next = Cell::new(0_u64);
    for (name, place) in [("redis", Place::redis()), ("postgres", Place::postgres()), ("mysql", Place::mysql())] {
        let store = tokio.block_on(idem::connect(&place.url)).unwrap();
        let runtime = Runtime::builder().store(store).build().unwrap();
        let mut group = criterion.benchmark_group(name);
        group.bench_function("first", |bench| {
            bench.iter(|| {
                next.set(next.get() + 1);
                tokio.block_on(runtime.enter(call(black_box(next.get()), "topic"))).unwrap()
            });
        });
        group.bench_function("duplicate", |bench| {
            tokio.block_on(runtime.enter(call(0, "topic"))).unwrap();
            bench.iter(|| tokio.block_on(runtime.enter(call(black_box(0), "topic"))).unwrap());
        });
        group.finish();
    }
}

fn transactions(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let place = Place::postgres();
    let runtime =
        tokio.block_on(async { Runtime::builder().store(idem::connect(&place.url).await.unwrap()).build().unwrap() });
    let options: PgConnectOptions = place.url.parse().unwrap();
    let mut connection = tokio.block_on(options.connect()).unwrap();
    tokio.block_on(sqlx::query("CREATE TABLE effects (id BIGINT)").execute(&mut connection)).unwrap();
    let next = Cell::new(0_i64);
    let mut group = criterion.benchmark_group("a transaction in postgres");
    group.bench_function("without", |bench| {
        bench.iter(|| {
            next.set(next.get() + 1);
            tokio.block_on(async {
                let mut tx = connection.begin().await.unwrap();
                sqlx::query(INSERT).bind(next.get()).execute(&mut *tx).await.unwrap();
                tx.commit().await.unwrap();
            });
        });
    });
    group.bench_function("with", |bench| {
        bench.iter(|| {
            next.set(next.get() + 1);
            tokio.block_on(runtime.enter(async {
                let mut tx = connection.begin().await.unwrap();
                book(&mut tx, next.get()).await.unwrap();
                tx.commit().await.unwrap();
            }));
        });
    });
    group.finish();
}

criterion_group!(benches, calls, transactions);
criterion_main!(benches);
