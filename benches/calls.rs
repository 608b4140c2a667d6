//! What a call costs: on the memory store and on SQLite, first and duplicate, through the attribute.
//!
//! ```text
//! cargo bench --bench calls --features sqlite
//! ```
#![allow(missing_docs, clippy::unwrap_used)]

use std::cell::Cell;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use idem::{Error, MemoryStore, Runtime, SqliteStore, idempotent};

#[idempotent(name = "bench.call", ttl = "1s")]
async fn call(id: u64, topic: &str) -> Result<u64, Error> {
    Ok(id)
}

fn bench(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sqlite = tokio.block_on(SqliteStore::open(folder.path().join("idem.db"))).unwrap();
    let stores = [
        ("memory", Runtime::builder().store(MemoryStore::new()).build().unwrap()),
        ("sqlite", Runtime::builder().store(sqlite).build().unwrap()),
    ];
    let next = Cell::new(0_u64);
    for (name, runtime) in &stores {
        let mut group = criterion.benchmark_group(*name);
        group.bench_function("first", |bench| {
            bench.iter(|| {
                next.set(next.get() + 1);
                tokio.block_on(runtime.enter(call(black_box(next.get()), "topic"))).unwrap()
            })
        });
        let keep = runtime.call("bench.kept").ttl("1h").arg("id", &0).run(async || Ok::<_, Error>(0_u64));
        tokio.block_on(keep).unwrap();
        group.bench_function("duplicate, by hand", |bench| {
            bench.iter(|| {
                let again =
                    runtime.call("bench.kept").ttl("1h").arg("id", black_box(&0)).run(async || Ok::<_, Error>(0_u64));
                tokio.block_on(again).unwrap()
            })
        });
        group.bench_function("duplicate", |bench| {
            tokio.block_on(runtime.enter(kept(7, "topic"))).unwrap();
            bench.iter(|| tokio.block_on(runtime.enter(kept(black_box(7), "topic"))).unwrap())
        });
        group.finish();
    }
}

#[idempotent(name = "bench.kept.attribute", ttl = "1h")]
async fn kept(id: u64, topic: &str) -> Result<u64, Error> {
    Ok(id)
}

criterion_group!(benches, bench);
criterion_main!(benches);
