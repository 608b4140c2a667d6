//! The server goes, and comes back: what was answered is still so.

use std::sync::atomic::{AtomicUsize, Ordering};

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict};
use idem_runtime::{PostgresStore, Store, StoreError};
use idem_test_servers::Postgres;

use crate::support::{claimed, completion, key, request, until};

/// A server that forgets if it is asked to.
fn hasty() -> Postgres {
    Postgres::start(&[("synchronous_commit", "off"), ("wal_writer_delay", "10s")])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_forgotten_when_the_server_is_killed() {
    let server = hasty();
    let store = PostgresStore::connect(server.url()).await.unwrap();
    let workers: Vec<_> = (0..4).map(|worker| tokio::spawn(work(store.clone(), worker))).collect();
    until("a hundred calls are answered, and others under way", || ANSWERED.load(Ordering::SeqCst) >= 100).await;
    server.kill();
    let mut answered = Vec::new();
    for worker in workers {
        answered.extend(worker.await.unwrap());
    }
    server.start_again();
    assert!(answered.len() > 50, "{} calls answered", answered.len());
    for (key, completed) in answered {
        match store.claim(&request(key)).await.unwrap() {
            ClaimVerdict::Completed(_) => {}
            ClaimVerdict::Running { .. } if !completed => {}
            other => panic!("{other:?}"),
        }
    }
}

static ANSWERED: AtomicUsize = AtomicUsize::new(0);

/// Claims and completes until the server is gone; what was answered, and whether the completion was.
async fn work(store: PostgresStore, worker: u64) -> Vec<(idem_runtime::Key, bool)> {
    let mut answered = Vec::new();
    for n in 0.. {
        let claim = request(key("t", worker * 1_000_000 + n));
        let granted = match store.claim(&claim).await {
            Ok(verdict) => claimed(verdict),
            Err(StoreError::Unavailable { .. }) => return answered,
            Err(other) => panic!("{other}"),
        };
        match store.complete(&completion(&claim, &granted, b"x")).await {
            Ok(_) => {
                answered.push((claim.key, true));
                ANSWERED.fetch_add(1, Ordering::SeqCst);
            }
            Err(StoreError::Unavailable { .. }) => {
                answered.push((claim.key, false));
                return answered;
            }
            Err(other) => panic!("{other}"),
        }
    }
    answered
}

#[tokio::test]
async fn a_store_goes_on_with_a_server_that_was_restarted() {
    let server = hasty();
    let store = PostgresStore::connect(server.url()).await.unwrap();
    let claim = request(key("t", 1));
    let granted = claimed(store.claim(&claim).await.unwrap());
    server.stop();
    let error = store.complete(&completion(&claim, &granted, b"x")).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    server.start_again();
    let done = store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
    assert!(matches!(done, CompleteVerdict::Completed { restored: false, .. }), "{done:?}");
    // An idle connection that does not know yet that its server is gone.
    server.stop();
    server.start_again();
    assert!(matches!(store.claim(&request(claim.key.clone())).await.unwrap(), ClaimVerdict::Completed(_)));
}

#[tokio::test]
async fn what_harms_the_promise_is_told() {
    let server = Postgres::start(&[("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")]);
    let store = PostgresStore::connect(server.url()).await.unwrap();
    let mut raw = crate::support::connect(server.url()).await;
    sqlx::raw_sql("ALTER TABLE idem_records SET UNLOGGED").execute(&mut raw).await.unwrap();
    let settings = store.describe().await.unwrap().settings;
    let harmful = settings.iter().filter(|setting| setting.harm.is_some());
    let harmful: Vec<_> = harmful.map(|setting| (setting.name.as_str(), setting.value.as_str())).collect();
    assert_eq!(harmful, [("fsync", "off"), ("full_page_writes", "off"), ("table", "unlogged")]);
}
