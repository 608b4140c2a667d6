//! A task whose arguments must not be guessable from its keys. A program of its own: such a task needs a secret in every
//! runtime of its process.
#![allow(missing_docs, clippy::unwrap_used)]

use idem::key::Secret;
use idem::{Error, MemoryStore, Runtime, RuntimeBuilder, idempotent};

#[idempotent(name = "pii.remind", ttl = "1h", scope = "phone", scope_label = "plain", pii)]
async fn remind(phone: String) -> Result<(), Error> {
    Ok(())
}

fn builder() -> RuntimeBuilder {
    Runtime::builder().store(MemoryStore::new())
}

#[test]
fn it_needs_a_secret_when_the_runtime_is_built() {
    let error = builder().build().unwrap_err();
    assert!(matches!(&error, Error::Config(_)), "{error:?}");
    let said = error.to_string();
    for part in ["`pii.remind`", "tests/pii.rs:", "`pii`", ".secret("] {
        assert!(said.contains(part), "{said}");
    }
}

#[tokio::test]
async fn with_a_secret_its_keys_show_nothing() {
    let runtime = builder().secret(Secret::new("2026-11", &[7; 32]).unwrap()).build().unwrap();
    let key = runtime.enter(async { remind::key(&"+4712345678".to_owned()) }).await.unwrap().to_string();
    assert!(key.starts_with("idem1+2026-11:") && !key.contains("12345678"), "{key}");
    runtime.enter(remind("+4712345678".to_owned())).await.unwrap();
    // Another secret, another key.
    let other = builder().secret(Secret::new("2026-11", &[8; 32]).unwrap()).build().unwrap();
    let other = other.enter(async { remind::key(&"+4712345678".to_owned()) }).await.unwrap().to_string();
    assert_ne!(key, other);
}
