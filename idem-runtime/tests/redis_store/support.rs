//! A store under a prefix of its own, a connection beside it, and requests.

#[path = "../store_support/mod.rs"]
mod requests;

use std::time::Duration;

use idem_runtime::Key;
use idem_runtime::claim::{ClaimRequest, Claimed};
use idem_runtime::store::Description;
use idem_runtime::{RedisStore, RedisStoreBuilder, Store};
use redis::{Commands, Connection, FromRedisValue};

pub use self::requests::*;

/// A lease that a test waits for.
pub const SHORT: Duration = Duration::from_millis(150);

/// A store, and where it is. Its keys are gone when it is dropped.
pub struct Bench {
    pub store: RedisStore,
    pub url: String,
    pub prefix: String,
}

impl Bench {
    /// On the server that all tests share.
    pub async fn new() -> Self {
        Self::at(&idem_test_servers::redis_url()).await
    }

    pub async fn at(url: &str) -> Self {
        let prefix = format!("idem-test:{:x}", rand::random::<u64>());
        let store = RedisStore::builder(url).prefix(&prefix).connect().await.unwrap();
        Self { store, url: url.to_owned(), prefix }
    }

    pub fn builder(&self) -> RedisStoreBuilder {
        RedisStore::builder(&self.url).prefix(&self.prefix)
    }

    /// Another store on the same records, as another process has it.
    pub async fn neighbour(&self) -> RedisStore {
        self.builder().connect().await.unwrap()
    }

    /// A connection of the test's own.
    pub fn raw(&self) -> Connection {
        redis::Client::open(self.url.as_str()).unwrap().get_connection().unwrap()
    }

    pub fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        command(words).query(&mut self.raw()).unwrap()
    }

    /// The name of a record's key.
    pub fn name(&self, key: &Key) -> String {
        format!("{}:record:{{{}}}", self.prefix, hex(key.digest()))
    }

    pub async fn claim(&self, request: &ClaimRequest) -> Claimed {
        claimed(self.store.claim(request).await.unwrap())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let Ok(mut connection) = redis::Client::open(self.url.as_str()).and_then(|client| client.get_connection())
        else {
            return;
        };
        let Ok(names) = connection.scan_match::<_, String>(format!("{}:*", self.prefix)) else { return };
        let names: Vec<String> = names.filter_map(Result::ok).collect();
        for some in names.chunks(500) {
            _ = connection.unlink::<_, ()>(some);
        }
    }
}

pub fn command(words: &[&str]) -> redis::Cmd {
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(*word);
    }
    command
}

/// As [`request`], for a lease that is over soon.
pub fn brief(key: Key) -> ClaimRequest {
    ClaimRequest { lease: SHORT, ..request(key) }
}

/// The value of a setting, and whether it does harm.
#[track_caller]
pub fn setting<'d>(description: &'d Description, name: &str) -> (&'d str, bool) {
    let found = description.settings.iter().find(|setting| setting.name == name);
    found.map(|setting| (setting.value.as_str(), setting.harm.is_some())).unwrap_or_else(|| panic!("{description:?}"))
}
