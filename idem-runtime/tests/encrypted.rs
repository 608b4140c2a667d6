//! A store whose results are encrypted is a store like any other, and shows none of them.
#![cfg(all(feature = "encryption", feature = "testing"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, ClaimVerdict, CompleteRequest, CompleteVerdict, ResolveRequest};
use idem_runtime::key::{KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Owner, StoredResult};
use idem_runtime::store::ListQuery;
use idem_runtime::testing::ManualClock;
use idem_runtime::testing::conformance::{self, BoxError, Fixture, Tamper};
use idem_runtime::{EncryptedStore, EncryptionKey, Key, MemoryStore, Store, StoreError};

const SECRET: &[u8] = b"4111 1111 1111 1111";

fn key(id: &str, byte: u8) -> EncryptionKey {
    EncryptionKey::new(id, &[byte; 32]).unwrap()
}

fn tamper(store: &MemoryStore, key: &Key, how: Tamper) -> bool {
    match how {
        Tamper::NoDeadline => store.tamper(key, |record| record.lease_until = None),
        _ => false,
    }
}

async fn open() -> Result<Fixture, BoxError> {
    idem_test_log::listen();
    let clock = ManualClock::new();
    let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    let encrypted = EncryptedStore::new(store.clone(), key("2026-11", 1));
    let fixture = Fixture::new(Arc::new(encrypted.clone()), Arc::new(encrypted)).clock(clock);
    Ok(fixture.tamper(move |key, how| std::future::ready(Ok(tamper(&store, &key, how)))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_encrypted_store_conforms() {
    conformance::run(open).await.assert_passed();
}

fn claim(number: u32) -> ClaimRequest {
    let mut writer = KeyWriter::new();
    writer.arg("number", &number).unwrap();
    let task = TaskIdent::new("t", NonZeroU32::MIN);
    ClaimRequest {
        key: writer.finish(&KeySpace::new("test"), &task).unwrap(),
        owner: Owner::random(),
        lease: Duration::from_secs(30),
        fingerprint: None,
        holder: Arc::default(),
        on_stale: OnStale::Park,
        max_attempts: None,
        grace: Retention::For(Duration::ZERO),
    }
}

/// Claims a key and completes it with the secret as its result.
async fn done(store: &dyn Store, claim: &ClaimRequest) -> Arc<idem_runtime::Record> {
    let ClaimVerdict::Claimed(claimed) = store.claim(claim).await.unwrap() else { panic!("not granted") };
    let request = CompleteRequest {
        claim: Arc::new(claim.clone()),
        fence: claimed.fence,
        attempt: 1,
        result: StoredResult::Envelope(SECRET.into()),
        retention: Retention::Forever,
        may_restore: false,
    };
    match store.complete(&request).await.unwrap() {
        CompleteVerdict::Completed { record, .. } => record,
        other => panic!("{other:?}"),
    }
}

async fn replayed(store: &dyn Store, claim_of: &ClaimRequest) -> Result<Option<StoredResult>, StoreError> {
    let again = ClaimRequest { owner: Owner::random(), ..claim_of.clone() };
    match store.claim(&again).await? {
        ClaimVerdict::Completed(record) => Ok(record.result.clone()),
        other => panic!("{other:?}"),
    }
}

fn plain() -> Option<StoredResult> {
    Some(StoredResult::Envelope(SECRET.into()))
}

#[tokio::test]
async fn the_store_behind_sees_no_result_and_everybody_with_the_key_does() {
    let behind = MemoryStore::new();
    let store = EncryptedStore::new(behind.clone(), key("2026-11", 1));
    let claim = claim(1);
    assert_eq!(done(&store, &claim).await.result, plain());
    let kept = behind.get(&claim.key).await.unwrap().unwrap();
    let Some(StoredResult::Envelope(kept)) = &kept.result else { panic!("{kept:?}") };
    assert!(!kept.windows(8).any(|bytes| SECRET.windows(8).any(|secret| secret == bytes)));
    assert_eq!(replayed(&store, &claim).await.unwrap(), plain());
    assert_eq!(store.get(&claim.key).await.unwrap().unwrap().result, plain());
    assert_eq!(store.list(&ListQuery::default()).await.unwrap()[0].result, plain());
    let keeper = store.keeper().await.unwrap();
    assert_eq!(replayed(&*keeper, &claim).await.unwrap(), plain());
}

#[tokio::test]
async fn keys_are_changed_while_results_last() {
    let behind = MemoryStore::new();
    let (old, new) = (claim(1), claim(2));
    done(&EncryptedStore::new(behind.clone(), key("2026-10", 1)), &old).await;
    let store = EncryptedStore::new(behind.clone(), key("2026-11", 2));
    done(&store, &new).await;
    let error = replayed(&store, &old).await.unwrap_err();
    assert!(matches!(&error, StoreError::Encrypted { .. }), "{error:?}");
    for part in [&old.key.to_string(), "`2026-10`", ".older_key("] {
        assert!(error.to_string().contains(part), "{error}");
    }
    // One that does not open hides no other from an operator.
    assert_eq!(store.list(&ListQuery::default()).await.unwrap().len(), 2);
    let store = store.older_key(key("2026-10", 1));
    assert_eq!(replayed(&store, &old).await.unwrap(), plain());
    assert_eq!(replayed(&store, &new).await.unwrap(), plain());
}

#[tokio::test]
async fn a_result_that_was_changed_or_moved_to_another_key_is_an_error() {
    let behind = MemoryStore::new();
    let store = EncryptedStore::new(behind.clone(), key("2026-11", 1));
    let (first, second) = (claim(1), claim(2));
    done(&store, &first).await;
    done(&store, &second).await;
    let of_the_second = behind.get(&second.key).await.unwrap().unwrap().result.clone();
    behind.tamper(&first.key, |record| record.result = of_the_second);
    let error = replayed(&store, &first).await.unwrap_err().to_string();
    assert!(error.contains("belongs to another record"), "{error}");
    behind.tamper(&second.key, |record| record.result = plain());
    let error = replayed(&store, &second).await.unwrap_err().to_string();
    assert!(error.contains("not encrypted") && error.contains(".accept_plain()"), "{error}");
    assert_eq!(replayed(&store.accept_plain(), &second).await.unwrap(), plain());
}

#[tokio::test]
async fn an_operators_result_is_encrypted_too() {
    let behind = MemoryStore::new();
    let store = EncryptedStore::new(behind.clone(), key("2026-11", 1));
    let claim = claim(1);
    store.claim(&claim).await.unwrap();
    let failed = idem_runtime::claim::FailRequest {
        claim: Arc::new(claim.clone()),
        how: idem_runtime::claim::Failure::Park,
        error: None,
    };
    store.fail(&failed).await.unwrap();
    let resolution = ResolveRequest::Completed(StoredResult::Envelope(SECRET.into()), Retention::Forever);
    store.resolve(&claim.key, &resolution).await.unwrap();
    assert_ne!(behind.get(&claim.key).await.unwrap().unwrap().result, plain());
    assert_eq!(replayed(&store, &claim).await.unwrap(), plain());
}

#[tokio::test]
async fn it_says_what_it_is_and_shows_no_key() {
    let store = EncryptedStore::new(MemoryStore::new(), key("2026-11", 0xab));
    let settings = store.describe().await.unwrap().settings;
    assert!(settings.iter().any(|setting| setting.value == "with the key `2026-11`"), "{settings:?}");
    let shown = format!("{store:?}");
    assert!(shown.contains("2026-11") && !shown.contains("171") && !shown.contains("ab, ab"), "{shown}");
}
