//! The conformance suite on the Redis store, at a real server: two stores with one prefix, as two processes have it.
#![cfg(all(feature = "redis", feature = "testing"))]

use std::sync::Arc;
use std::time::Duration;

use idem_runtime::clock::{Clock, SystemClock, Timestamp};
use idem_runtime::testing::conformance::{self, BoxError, Fixture, Tamper};
use idem_runtime::{Key, RedisStore, Store, StoreError};
use redis::Commands;

const HOUR: i64 = 3_600_000_000;
const MONTH: i64 = 30 * 24 * HOUR;

async fn open() -> Result<Fixture, BoxError> {
    idem_test_log::listen();
    let url = idem_test_servers::redis_url();
    let place = Place { url, prefix: format!("idem-test:{:x}", rand::random::<u64>()) };
    let (store, other) = (place.store(0).await?, place.store(0).await?);
    let mut skewed: Vec<Arc<dyn Store>> = Vec::new();
    for off in [HOUR, -HOUR, MONTH, -MONTH] {
        skewed.push(Arc::new(place.store(off).await?));
    }
    let fixture = Fixture::new(Arc::new(store), Arc::new(other)).skewed(skewed).expires_itself();
    let tampered = place.clone();
    let fixture = fixture.tamper(move |key, how| {
        let place = tampered.clone();
        async move { place.tamper(&key, how) }
    });
    Ok(fixture.keep(Cleared(place)))
}

#[derive(Clone)]
struct Place {
    url: String,
    prefix: String,
}

impl Place {
    async fn store(&self, off: i64) -> Result<RedisStore, StoreError> {
        RedisStore::builder(&self.url).prefix(&self.prefix).clock(Arc::new(Wrong(off))).connect().await
    }

    fn connection(&self) -> Result<redis::Connection, BoxError> {
        Ok(redis::Client::open(self.url.as_str())?.get_connection()?)
    }

    fn tamper(&self, key: &Key, how: Tamper) -> Result<bool, BoxError> {
        let digest: String = key.digest().iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{}:record:{{{digest}}}", self.prefix);
        let mut connection = self.connection()?;
        let mut value: Vec<u8> = connection.get(&name)?;
        match how {
            Tamper::NoDeadline => return Ok(connection.persist(&name)?),
            Tamper::NewerFormat => value[5] += 2,
            Tamper::Corrupt => value[6] = 99,
            _ => return Ok(false),
        }
        // As by hand: without a time to live.
        let () = connection.set(&name, value)?;
        Ok(true)
    }
}

/// Removes a check's keys when it is over.
struct Cleared(Place);

impl Drop for Cleared {
    fn drop(&mut self) {
        let Ok(mut connection) = self.0.connection() else { return };
        let names: Vec<String> = match connection.scan_match(format!("{}:*", self.0.prefix)) {
            Ok(names) => names.filter_map(Result::ok).collect(),
            Err(_) => return,
        };
        for some in names.chunks(500) {
            _ = connection.unlink::<_, ()>(some);
        }
    }
}

/// A client's clock that is off, and whose uptime began at another time.
#[derive(Debug)]
struct Wrong(i64);

impl Clock for Wrong {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(SystemClock.now().as_micros() + self.0)
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime() + Duration::from_micros(self.0.unsigned_abs())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_redis_store_conforms() {
    conformance::run(open).await.assert_passed_but(&[
        // They would really take days.
        "forever_is_forever",
        "time_is_over_at_its_end_and_not_before",
        "evidence_is_kept_for_a_day",
        "longer_grace_is_kept",
        "evidence_that_forbids_a_rerun_never_runs_out",
    ]);
}
