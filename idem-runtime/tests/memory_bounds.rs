//! The memory store gives memory back.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use idem_runtime::testing::ManualClock;
use idem_runtime::{Error, MemoryStore, Runtime};

const MILLION: u32 = 1_000_000;

/// R36: a million distinct calls, each kept for a second while a millisecond passes between two of them.
#[test]
fn r36_a_million_calls_and_memory_returns_to_where_it_began() {
    idem_test_servers::give_way();
    let clock = ManualClock::new();
    let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    let runtime = Runtime::builder().store(store.clone()).clock(Arc::new(clock.clone())).build().unwrap();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let calls = |from: u32, to: u32| {
        tokio.block_on(async {
            for id in from..to {
                let call = runtime.call("million").ttl("1s").arg("id", &id);
                let outcome = call.run(async || Ok::<_, Error>(id)).await.unwrap();
                assert!(outcome.is_fresh());
                clock.advance(Duration::from_millis(1));
            }
            clock.advance(Duration::from_secs(2));
            runtime.sweep().await.unwrap();
        });
    };
    // Once, so that what is made once (the thread's buffers, the keeper) is not counted.
    calls(0, 1_000);
    let used = measure(|| calls(1_000, MILLION + 1_000));
    println!(
        "a million calls: {} MiB allocated in all, at most {} KiB at once, {} bytes left",
        used.bytes_total / (1 << 20),
        used.bytes_max / 1024,
        used.bytes_current
    );
    assert!(store.is_empty(), "{} records are left", store.len());
    assert!(used.bytes_current < 64 * 1024, "{} bytes are left", used.bytes_current);
    assert!(used.bytes_max < 8 * 1024 * 1024, "{} bytes at once, for some thousand live records", used.bytes_max);
}
