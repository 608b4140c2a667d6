//! The server goes, and comes back: what was answered is still so.

use std::sync::atomic::{AtomicUsize, Ordering};

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict};
use idem_runtime::{Key, MySqlStore, Store, StoreError};
use idem_test_servers::MySql;

use crate::support::{claimed, completion, key, request, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_forgotten_when_the_server_is_killed() {
    let server = MySql::start(&["--log-bin=log", "--sync-binlog=1"]);
    let store = MySqlStore::connect(server.url()).await.unwrap();
    let workers: Vec<_> = (0..4).map(|worker| tokio::spawn(work(store.clone(), worker))).collect();
    until("a hundred calls are answered, and others under way", || ANSWERED.load(Ordering::SeqCst) >= 100).await;
    server.kill();
    let mut answered = Vec::new();
    for worker in workers {
        answered.extend(worker.await.unwrap());
    }
    server.start_again();
    assert!(answered.len() > 20, "{} calls answered", answered.len());
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
async fn work(store: MySqlStore, worker: u64) -> Vec<(Key, bool)> {
    let mut answered = Vec::new();
    for n in 0.. {
        let claim = request(key("t", worker * 1_000_000 + n));
        let granted = match store.claim(&claim).await {
            Ok(verdict) => claimed(verdict),
            Err(error) => return ended(answered, &error),
        };
        let done = store.complete(&completion(&claim, &granted, b"x")).await;
        answered.push((claim.key, done.is_ok()));
        ANSWERED.fetch_add(1, Ordering::SeqCst);
        if let Err(error) = done {
            return ended(answered, &error);
        }
    }
    answered
}

fn ended(answered: Vec<(Key, bool)>, error: &StoreError) -> Vec<(Key, bool)> {
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    answered
}

#[tokio::test]
async fn a_store_goes_on_with_a_server_that_was_restarted() {
    let server = MySql::start(&[]);
    let store = MySqlStore::connect(server.url()).await.unwrap();
    let claim = request(key("t", 1));
    let granted = claimed(store.claim(&claim).await.unwrap());
    let done = completion(&claim, &granted, b"x");
    server.stop();
    let error = store.complete(&done).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    server.start_again();
    let verdict = store.complete(&done).await.unwrap();
    assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }), "{verdict:?}");
    // An idle connection that does not know yet that its server is gone.
    server.stop();
    server.start_again();
    assert!(matches!(store.claim(&request(claim.key.clone())).await.unwrap(), ClaimVerdict::Completed(_)));
}

#[tokio::test]
async fn what_harms_the_promise_is_told() {
    let hasty = ["--innodb-flush-log-at-trx-commit=2", "--log-bin=log", "--sync-binlog=0", "--innodb-doublewrite=0"];
    let server = MySql::start(&hasty);
    let store = MySqlStore::connect(server.url()).await.unwrap();
    let description = store.describe().await.unwrap();
    assert!(description.version.unwrap().contains("MariaDB"));
    let harmful = description.settings.iter().filter(|setting| setting.harm.is_some());
    let harmful: Vec<_> = harmful.map(|setting| (setting.name.as_str(), setting.value.as_str())).collect();
    let expected = [("innodb_flush_log_at_trx_commit", "2"), ("innodb_doublewrite", "OFF"), ("sync_binlog", "0")];
    assert_eq!(harmful, expected);
    let kept = description.settings.iter().rev().take(2).map(|setting| setting.value.as_str());
    assert_eq!(kept.collect::<Vec<_>>(), ["InnoDB", "READ-COMMITTED"]);
}

/// READ COMMITTED and a log of statements exclude each other.
#[tokio::test]
async fn a_log_of_statements_is_refused_with_what_to_do() {
    let server = MySql::start(&["--log-bin=log", "--binlog-format=STATEMENT"]);
    let error = MySqlStore::connect(server.url()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Schema { reason, .. } if reason.contains("ROW or MIXED")), "{error}");
}

#[tokio::test]
async fn a_replica_is_refused_and_a_server_that_became_one_says_so() {
    let server = MySql::start(&["--read-only=1"]);
    let error = MySqlStore::connect(server.url()).await.unwrap_err();
    assert!(matches!(&error, StoreError::ReadOnly { reason, .. } if reason.contains("primary's address")), "{error}");
    let mut raw = crate::support::connect(server.url()).await;
    let worker = "SET GLOBAL read_only = 0; CREATE USER worker IDENTIFIED BY ''; GRANT ALL ON *.* TO worker;
        REVOKE SUPER, READ_ONLY ADMIN ON *.* FROM worker";
    sqlx::raw_sql(worker).execute(&mut raw).await.unwrap();
    let store = MySqlStore::connect(&server.url().replace("root@", "worker@")).await.unwrap();
    let claim = request(key("t", 1));
    claimed(store.claim(&claim).await.unwrap());
    sqlx::raw_sql("SET GLOBAL read_only = 1").execute(&mut raw).await.unwrap();
    let error = store.claim(&request(key("t", 2))).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    assert!(matches!(store.get(&claim.key).await.unwrap().unwrap().state, idem_runtime::record::State::Running));
}
