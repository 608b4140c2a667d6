//! A key of scalars and strings allocates nothing once its thread has buffers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::{Bucket, Key, KeySpace, KeyWriter, Secret, Unit};
use jiff::Timestamp;
use key_support::{space, task};
use std::collections::BTreeMap;

#[track_caller]
fn allocates_nothing(mut make: impl FnMut() -> Key) {
    let expect = make();
    let counted = allocation_counter::measure(|| {
        for _ in 0..10 {
            let key = make();
            assert_eq!(key.clone(), expect);
        }
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
}

#[test]
fn scalars_and_strings() {
    let (space, task) = (space(), task());
    allocates_nothing(|| {
        let mut writer = KeyWriter::new();
        writer.arg("user_id", &42_u64).unwrap();
        writer.arg("template", "welcome").unwrap();
        writer.arg("amount", &9.5).unwrap();
        writer.finish(&space, &task).unwrap()
    });
}

#[test]
fn out_of_order_and_structured() {
    let (space, task) = (space(), task());
    let map = BTreeMap::from([("zz", 1), ("a", 2), ("mmm", 3)]);
    let id = uuid::Uuid::nil();
    allocates_nothing(|| {
        let mut writer = KeyWriter::new();
        writer.arg("template", "welcome").unwrap();
        writer.arg("map", &map).unwrap();
        writer.arg("ids", &[id, id]).unwrap();
        writer.arg("ip", &std::net::Ipv4Addr::LOCALHOST).unwrap();
        writer.arg("a", &Some(1)).unwrap();
        writer.finish(&space, &task).unwrap()
    });
}

#[test]
fn scopes_and_times() {
    let task = task();
    let secret = Secret::new("k1", &[7; 32]).unwrap();
    let bucket = Bucket::new(Unit::Date, "Europe/Oslo").unwrap();
    for space in [KeySpace::new("app"), KeySpace::with_secret("app", secret)] {
        allocates_nothing(|| {
            let mut writer = KeyWriter::new();
            writer.scope("tenant", "01234567-89ab-cdef-0123-456789abcdef").unwrap();
            writer.time(bucket.label(Timestamp::UNIX_EPOCH));
            writer.arg("order", "order-1").unwrap();
            writer.finish(&space, &task).unwrap()
        });
    }
}

#[test]
fn explicit_keys_and_long_names() {
    let space = KeySpace::new(&"n".repeat(1_000));
    let task = task();
    allocates_nothing(|| {
        let mut writer = KeyWriter::new();
        writer.explicit("550e8400-e29b-41d4-a716-446655440000").unwrap();
        writer.finish(&space, &task).unwrap()
    });
    allocates_nothing(|| {
        let mut writer = KeyWriter::new();
        writer.arg("a", &1).unwrap();
        writer.finish(&space, &task).unwrap()
    });
    allocates_nothing(|| {
        let mut writer = KeyWriter::new();
        writer.arg("job", "close").unwrap();
        writer.arg("day", &21).unwrap();
        writer.template("{day}:{job}", &["day", "job"]).unwrap();
        writer.finish(&space, &task).unwrap()
    });
}
