//! The runtime of the process: installed once. A program of its own, since an installed runtime is there for every test.
#![allow(missing_docs, clippy::unwrap_used)]

use idem::{Error, MemoryStore, Runtime, idempotent};

#[idempotent(name = "install.answer")]
async fn answer(id: u32) -> Result<u32, Error> {
    Ok(id)
}

#[tokio::test]
async fn a_runtime_is_installed_once_and_the_first_one_stays() {
    let runtime = |namespace: &str| Runtime::builder().store(MemoryStore::new()).namespace(namespace).build().unwrap();
    assert!(matches!(answer(1).await, Err(Error::NoRuntime { .. })));
    runtime("first").install().unwrap();
    let second = runtime("second").install().unwrap_err();
    assert!(matches!(second, Error::AlreadyInstalled), "{second}");
    assert!(second.to_string().contains("runtime.enter"), "{second}");
    assert!(answer::key(&1).unwrap().to_string().starts_with("idem1:first:"));
    assert!(answer::call(1).await.unwrap().is_fresh());
    assert!(answer::call(1).await.unwrap().is_replayed());
    // What is entered wins over what is installed.
    assert!(runtime("entered").enter(answer::call(1)).await.unwrap().is_fresh());
}
