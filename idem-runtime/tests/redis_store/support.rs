//! A store under a prefix of its own, a connection beside it, and requests.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, ClaimVerdict, Claimed, CompleteRequest, FailRequest, Failure, RenewRequest};
use idem_runtime::key::{Fingerprint, Key, KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Holder, Owner, StoredResult};
use idem_runtime::store::Description;
use idem_runtime::{RedisStore, RedisStoreBuilder, Store};
use redis::{Commands, Connection, FromRedisValue};

pub const LEASE: Duration = Duration::from_secs(30);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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

pub fn key(task: &str, number: u64) -> Key {
    fingerprinted(task, number, &0).0
}

/// A key and the fingerprint of an argument beside it.
pub fn fingerprinted(task: &str, number: u64, argument: &u64) -> (Key, Fingerprint) {
    let mut writer = KeyWriter::new();
    writer.arg("amount", argument).unwrap();
    let (space, task) = (KeySpace::new("shop"), TaskIdent::new(task, NonZeroU32::MIN));
    writer.finish_explicit(&space, &task, &number.to_string()).unwrap()
}

pub fn request(key: Key) -> ClaimRequest {
    ClaimRequest {
        key,
        owner: Owner::random(),
        lease: LEASE,
        fingerprint: None,
        holder: Arc::new(Holder { host: "worker-1".into(), process: 4711, trace: Some("trace-9".into()) }),
        on_stale: OnStale::Rerun,
        max_attempts: None,
        grace: Retention::For(DAY),
    }
}

/// As [`request`], for a lease that is over soon.
pub fn brief(key: Key) -> ClaimRequest {
    ClaimRequest { lease: SHORT, ..request(key) }
}

pub fn renewal(claim: &ClaimRequest) -> RenewRequest {
    RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: claim.lease }
}

pub fn completion(claim: &ClaimRequest, claimed: &Claimed, result: &[u8]) -> CompleteRequest {
    CompleteRequest {
        claim: Arc::new(claim.clone()),
        fence: claimed.fence,
        attempt: claimed.attempt,
        result: StoredResult::Envelope(result.into()),
        retention: Retention::For(DAY),
        may_restore: false,
    }
}

pub fn failure(claim: &ClaimRequest, how: Failure) -> FailRequest {
    FailRequest { claim: Arc::new(claim.clone()), how, error: Some("it broke".into()) }
}

#[track_caller]
pub fn claimed(verdict: ClaimVerdict) -> Claimed {
    match verdict {
        ClaimVerdict::Claimed(claimed) => claimed,
        other => panic!("not claimed: {other:?}"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Claims and completes.
pub async fn done(store: &impl Store, key: Key, result: &[u8]) {
    let request = request(key);
    let claimed = claimed(store.claim(&request).await.unwrap());
    store.complete(&completion(&request, &claimed, result)).await.unwrap();
}

/// The value of a setting, and whether it does harm.
#[track_caller]
pub fn setting<'d>(description: &'d Description, name: &str) -> (&'d str, bool) {
    let found = description.settings.iter().find(|setting| setting.name == name);
    found.map(|setting| (setting.value.as_str(), setting.harm.is_some())).unwrap_or_else(|| panic!("{description:?}"))
}
