//! The room that records take.

use std::time::Duration;

use crate::support::{AppError, on_each_store};

on_each_store! {
    /// R36: room of expired records is used again (the million is `memory_bounds`)
    async fn r36_room_of_expired_records_is_used_again(bench: Bench) {
        const CALLS: u32 = 1_500;
        let mut sizes = Vec::new();
        for round in 0..3 {
            for id in 0..CALLS {
                let call = bench.runtime.call("it.r36").ttl("1m").arg("round", &round).arg("id", &id);
                assert!(call.run(async || Ok::<_, AppError>(id)).await.unwrap().is_fresh());
            }
            bench.clock.advance(Duration::from_secs(61));
            let swept = bench.runtime.sweep().await.unwrap();
            assert_eq!(swept[0].1.removed, u64::from(CALLS));
            assert!(idem::Store::list(&bench.store, &idem::store::ListQuery::default()).await.unwrap().is_empty());
            #[cfg(feature = "sqlite")]
            sizes.extend(bench.file().map(|file| std::fs::metadata(file).unwrap().len()));
        }
        let [first, .., last] = sizes[..] else { return };
        assert!(last <= first + first / 4, "the file grew from {first} to {last} bytes");
    }
}
