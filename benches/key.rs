//! Keys of five shapes, each beside a bare SHA-256 of the same bytes.
//!
//! Figures to reach: small 150 ns, medium 400 ns, 10 kB of text 1.1 times the bare digest, 8.4 kB
//! of structure 5 times.
#![allow(missing_docs, reason = "criterion's macros document nothing")]
#![allow(clippy::unwrap_used, reason = "a benchmark that fails may panic")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use idem_runtime::key::{Key, KeySpace, KeyWriter, TaskIdent};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::num::NonZeroU32;

#[derive(Serialize)]
struct Address {
    street: &'static str,
    zip: &'static str,
    country: &'static str,
}

#[derive(Serialize)]
struct Line {
    sku: String,
    quantity: u32,
    price: f64,
    gift: bool,
}

#[derive(Serialize)]
struct Order {
    id: u64,
    customer: u64,
    lines: Vec<Line>,
    tags: [&'static str; 2],
    note: Option<String>,
}

fn orders() -> Vec<Order> {
    let line = |n: u32| Line {
        sku: format!("SKU-{:05}", n * 7919 % 99_991),
        quantity: n % 7 + 1,
        price: f64::from(n * 37 % 10_000) / 100.0,
        gift: n.is_multiple_of(3),
    };
    let order = |n: u32| Order {
        id: 9_007_199_254_740_993 + u64::from(n),
        customer: u64::from(n * 7919),
        lines: (0..4).map(|k| line(4 * n + k)).collect(),
        tags: ["web", "priority"],
        note: n.is_multiple_of(2).then(|| format!("leave at door {n}")),
    };
    (0..33).map(order).collect()
}

fn check(c: &mut Criterion, name: &str, write: impl Fn(&mut KeyWriter)) {
    let space = KeySpace::new("shop-prod");
    let task = TaskIdent::new("shop.mail.send", NonZeroU32::MIN);
    let key = || -> Key {
        let mut writer = KeyWriter::new();
        write(&mut writer);
        writer.finish(&space, &task).unwrap()
    };
    let mut writer = KeyWriter::new();
    write(&mut writer);
    let preimage = writer.preimage(&space, &task).unwrap();
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Bytes(preimage.len() as u64));
    group.bench_function("key", |b| b.iter(|| black_box(key())));
    group.bench_function("bare SHA-256", |b| {
        b.iter(|| black_box(Sha256::digest(black_box(&preimage))));
    });
    group.finish();
}

fn keys(c: &mut Criterion) {
    check(c, "small", |writer| {
        writer.arg("user_id", black_box(&42_u64)).unwrap();
        writer.arg("template", black_box("welcome")).unwrap();
    });
    check(c, "scoped", |writer| {
        writer.scope("user", black_box(&42_u64)).unwrap();
        writer.arg("user_id", black_box(&42_u64)).unwrap();
        writer.arg("template", black_box("welcome")).unwrap();
    });
    let address = Address { street: "Storgata 1", zip: "0155", country: "NO" };
    let vars: BTreeMap<&str, u32> = [("discount", 15), ("items", 3), ("visits", 401)].into();
    check(c, "medium", |writer| {
        writer.arg("vars", black_box(&vars)).unwrap();
        writer.arg("email", black_box("ada@example.com")).unwrap();
        writer.arg("amount", black_box(&9.5)).unwrap();
        writer.arg("address", black_box(&address)).unwrap();
        writer.arg("user_id", black_box(&789_u64)).unwrap();
        writer.arg("template", black_box("welcome")).unwrap();
    });
    let text = "lorem ipsum ".repeat(834);
    check(c, "10 kB text", |writer| {
        writer.arg("body", black_box(&text)).unwrap();
    });
    let orders = orders();
    check(c, "structured", |writer| {
        writer.arg("orders", black_box(&orders)).unwrap();
    });
    let numbers: Vec<u64> = (0..2000_u64).map(|n| n * n * 104_729 % 1_000_003).collect();
    check(c, "2,000 integers", |writer| {
        writer.arg("ids", black_box(&numbers)).unwrap();
    });
    let bytes: Vec<u8> = (0..10_000_u32).map(|n| ((n * n) >> 3) as u8).collect();
    check(c, "10 kB bytes", |writer| {
        writer.arg("blob", black_box(&bytes)).unwrap();
    });
}

criterion_group!(benches, keys);
criterion_main!(benches);
