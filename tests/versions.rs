//! Two generations of one task, as a deployment has them while messages of the first are still on their way. A program of
//! its own: a task that names a store needs it in every runtime of its process.
#![allow(missing_docs, clippy::unwrap_used)]

use idem::record::State;
use idem::{Error, MemoryStore, Runtime, idempotent};

mod first {
    use super::{Error, idempotent};

    #[idempotent(name = "versions.charge", version = 1, ttl = "7d", store = "billing", strict)]
    pub async fn charge(id: u32) -> Result<u32, Error> {
        Ok(id)
    }
}

mod second {
    use super::{Error, idempotent};

    #[idempotent(name = "versions.charge", version = 2, ttl = "1h")]
    pub async fn charge(id: u32) -> Result<u32, Error> {
        Ok(id)
    }
}

fn runtime() -> Runtime {
    Runtime::builder().store(MemoryStore::new()).named_store("billing", MemoryStore::new()).build().unwrap()
}

#[tokio::test]
async fn each_version_of_a_name_keeps_its_own_store_and_settings() {
    let runtime = runtime();
    runtime
        .enter(async {
            first::charge(1).await.unwrap();
            assert_eq!(first::charge::status(&1).await.unwrap().unwrap().state, State::Completed);
            assert!(second::charge::status(&1).await.unwrap().is_none());
            assert!(!first::charge::cancel(&1).await.unwrap(), "it completed, in the first's store");
            assert!(first::charge::cancel(&2).await.unwrap());
            assert!(matches!(first::charge(2).await, Err(Error::Cancelled { .. })));
            assert!(second::charge::call(2).await.unwrap().is_fresh(), "the second's key is another one");

            let by_hand = |version| runtime.call("versions.charge").version(version).arg("id", &1);
            let run = |call: idem::CallBuilder| call.run(async || Ok::<_, Error>(99));
            let strict = run(by_hand(1)).await.unwrap_err();
            assert!(matches!(strict, Error::Duplicate { .. }), "{strict}");
            assert!(run(by_hand(2)).await.unwrap().is_fresh());
            assert!(run(runtime.call("versions.charge").arg("id", &1)).await.unwrap().is_replayed(), "the highest");
            assert_eq!(idem::task("versions.charge").unwrap().task().version(), 2);

            assert!(first::charge::clear(&1).await.unwrap());
            assert!(first::charge::call(1).await.unwrap().is_fresh());
        })
        .await;
}

#[tokio::test]
async fn the_audit_tells_versions_of_one_name_apart() {
    let runtime = runtime();
    let codes = async |expected: Vec<idem::Expected>| {
        let report = runtime.audit(expected).await.unwrap();
        let listing = report.findings.into_iter().filter(|finding| finding.code <= "IDEM003");
        listing.map(|finding| (finding.code, finding.location.unwrap_or_default())).collect::<Vec<_>>()
    };
    let first = || idem::tasks![first::charge].to_vec();
    assert_eq!(codes(idem::tasks![first::charge, second::charge].to_vec()).await, []);
    assert_eq!(codes(idem::tasks!["versions.charge"].to_vec()).await, [], "a name lists every version");
    let missing = codes(first()).await;
    let [("IDEM002", location)] = missing.as_slice() else { panic!("{missing:?}") };
    let second = runtime.enter(async { idem::task("versions.charge").unwrap().task().location() }).await;
    assert_eq!(*location, second);
    let twice = codes(idem::tasks![first::charge, "versions.charge"].to_vec()).await;
    assert!(matches!(twice.as_slice(), [("IDEM003", _)]), "{twice:?}");
}
