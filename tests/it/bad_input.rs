//! Bad input, each with a typed error that says what was found, what was expected and how to mend it.

use std::collections::{BTreeMap, HashSet};

use idem::{Delivery, Error, MemoryStore, Runtime, StoreError, idempotent};

use crate::support::{AppError, runtime};

#[idempotent(name = "it.bad.free")]
async fn free(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

/// Checks the error's words.
fn says(error: impl std::fmt::Display, words: &[&str]) {
    let error = error.to_string();
    for word in words {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
}

#[tokio::test]
async fn a_call_without_a_runtime_is_refused_and_the_body_not_entered() {
    let AppError::Idem(error) = free(1).await.unwrap_err() else { panic!("the body was entered") };
    assert!(matches!(error, Error::NoRuntime { .. }));
    says(error, &["it.bad.free", "install", "enter"]);
}

#[tokio::test]
async fn an_unencodable_argument_is_named_and_its_value_is_not() {
    let runtime = runtime();
    let map = BTreeMap::from([((1, "secret"), 1)]);
    let call = runtime.call("it.bad.key").arg("table", &map).run(async || Ok::<_, AppError>(1));
    let error = call.await.unwrap_err();
    assert!(matches!(error, AppError::Idem(Error::Key { .. })));
    assert!(!error.to_string().contains("secret"));
    says(error, &["it.bad.key", "table", "map key", "text"]);
    let set = HashSet::from([1, 2]);
    says(runtime.key("it.bad.key").arg("tags", &set).make().unwrap_err(), &["tags", "HashSet", "`idem::key::Set`"]);
}

#[tokio::test]
async fn durations_zones_categories_and_stores_are_checked_in_words() {
    let runtime = runtime();
    let run =
        |call: idem::CallBuilder| async { call.arg("id", &1).run(async || Ok::<_, AppError>(1)).await.unwrap_err() };
    let call = || runtime.call("it.bad.option");
    says(run(call().ttl("0s")).await, &["`ttl`", "0s", "zero", "24h"]);
    says(run(call().ttl("24x")).await, &["`ttl`", "24x", "unit"]);
    says(run(call().ttl("1M")).await, &["1M", "months"]);
    says(run(call().category("emial")).await, &["emial", "email"]);
    says(run(call().store("billing")).await, &["billing", "default"]);
    says(run(call().bucket(idem::key::Unit::Date, "Europe/Berlim")).await, &["Europe/Berlim"]);
    says(run(call().version(0)).await, &["version", "1"]);
    says(run(call().lease("49ms")).await, &["lease", "49ms", "50ms or longer"]);
    says(run(call().lease("366d")).await, &["lease", "366d", "365d or shorter"]);
    says(run(call().lease("18446744073709551615s")).await, &["lease", "365d or shorter"]);
    says(run(call().bucket(idem::key::Unit::Week, "UTC").ttl("6d")).await, &["`ttl`", "6d", "bucket", "7d"]);
}

#[tokio::test]
async fn a_time_beyond_what_can_be_told_is_as_good_as_forever() {
    let runtime = runtime();
    let longest = "18446744073709551615s";
    let run = |id: u32| async move { Ok::<_, AppError>(id) };
    let call = |id: &u32| runtime.call("it.bad.longest").ttl(longest).wait(longest).lease("365d").arg("id", id);
    assert!(call(&1).run(|| run(1)).await.unwrap().is_fresh());
    assert!(call(&1).run(|| run(1)).await.unwrap().is_replayed());
    let dated = |id: &u32| call(id).bucket(idem::key::Unit::Month, "UTC");
    assert!(dated(&2).run(|| run(2)).await.unwrap().is_fresh());
    let key = runtime.key("it.bad.longest").arg("id", &3).make().unwrap();
    assert!(runtime.cancel(&key).await.unwrap());
    assert_eq!(runtime.sweep().await.unwrap()[0].1.removed, 0);
    says(call(&4).ttl("18446744073709551616s").run(|| run(4)).await.unwrap_err(), &["`ttl`", "18446744073709551616s"]);
}

#[tokio::test]
async fn a_call_by_hand_that_nothing_tells_from_another_is_refused() {
    let runtime = runtime();
    let error = runtime.call("it.bad.empty").run(async || Ok::<_, AppError>(1)).await.unwrap_err();
    says(error, &["it.bad.empty", ".arg("]);
}

#[test]
fn a_runtime_without_a_store_or_with_two_of_one_name_is_refused() {
    says(Runtime::builder().build().unwrap_err(), &["store", "MemoryStore"]);
    let twice = Runtime::builder().store(MemoryStore::new()).store(MemoryStore::new());
    says(twice.build().unwrap_err(), &["two stores", "default"]);
    let named = |name: &str| Runtime::builder().named_store(name, MemoryStore::new());
    let several = named("zeta").named_store("cache", MemoryStore::new());
    says(several.build().unwrap_err(), &["several named stores", "cache, zeta", ".store("]);
    assert!(named("zeta").build().is_ok(), "the only one");
    assert!(named("zeta").named_store("cache", MemoryStore::new()).store(MemoryStore::new()).build().is_ok());
    says(Runtime::builder().store(MemoryStore::new()).category("x", "soon").build().unwrap_err(), &["x", "soon"]);
}

#[test]
fn an_explicit_key_is_checked() {
    for (key, word) in [(String::new(), "empty"), ("x".repeat(256), "256 bytes"), ("a\nb".into(), "control")] {
        says(Delivery::new().idempotency_key(key).unwrap_err(), &[word, "1 to 255"]);
    }
}

#[tokio::test]
async fn a_store_url_is_checked() {
    for (url, word) in
        [("redos://user:secret@host", "redos"), ("memory:x", "memory"), ("sqlite:", "sqlite"), ("", "scheme")]
    {
        let error = idem::connect(url).await.unwrap_err();
        assert!(matches!(error, StoreError::Url { .. }), "{error}");
        assert!(!error.to_string().contains("secret"));
        says(error, &[word]);
    }
    assert!(idem::connect("memory:").await.is_ok());
}

#[tokio::test]
async fn a_full_memory_store_refuses_and_evicts_nothing() {
    let store = MemoryStore::builder().max_records(2).build();
    let runtime = Runtime::builder().store(store).build().unwrap();
    let run = |id: u32| runtime.call("it.bad.full").arg("id", &id).run(async || Ok::<_, AppError>(1));
    run(1).await.unwrap();
    run(2).await.unwrap();
    let error = run(3).await.unwrap_err();
    assert!(matches!(
        error,
        AppError::Idem(Error::StoreUnavailable { source: StoreError::Full { .. }, effect: false, .. })
    ));
    says(error, &["full", "2 records", "sweep"]);
    assert!(run(1).await.unwrap().is_replayed());
}
