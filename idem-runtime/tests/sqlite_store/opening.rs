//! What can be opened, and what is said of the rest.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use idem_runtime::clock::{Clock, SystemClock, Timestamp};
use idem_runtime::{SqliteStore, Store, StoreError};

use crate::support::{Bench, done, key};

#[tokio::test]
async fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("not/there");
    let error = SqliteStore::open(missing.join("idem.db")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let expected = format!(
        "the SQLite store at {} cannot be used now: the folder {} does not exist: create it",
        missing.join("idem.db").display(),
        missing.display()
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn what_names_no_file_is_refused_and_leaves_nothing_behind() {
    let cases = [
        (":memory:", "use `MemoryStore`"),
        ("", "use `MemoryStore`"),
        ("file::memory:?cache=shared", "use `MemoryStore`"),
        ("file:idem.db?mode=memory", "use `MemoryStore`"),
        ("file:idem.db", "a path is expected, not a URL"),
        ("sqlite:idem.db", "a path is expected, not a URL"),
        ("sqlite://idem.db", "a path is expected, not a URL"),
    ];
    for (path, said) in cases {
        let error = SqliteStore::open(path).await.unwrap_err();
        assert!(matches!(&error, StoreError::Schema { reason, .. } if reason.contains(said)), "{path}: {error:?}");
        assert!(path.is_empty() || !Path::new(path).exists(), "{path}");
    }
}

#[tokio::test]
async fn a_folder_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let error = SqliteStore::open(folder.path()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable { reason, .. } if reason.contains("it is a folder")), "{error:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let letter = "Dear database, ".repeat(300);
    std::fs::write(&path, &letter).unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    let said = matches!(&error, StoreError::Schema { reason, .. } if reason.contains("no SQLite database"));
    assert!(said && error.to_string().contains(&path.display().to_string()), "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
}

#[tokio::test]
async fn a_damaged_database_says_so() {
    let bench = Bench::new().await;
    for n in 0..300 {
        bench.claim(&crate::support::request(key("t", n))).await;
    }
    bench.sql("PRAGMA wal_checkpoint(TRUNCATE)").await;
    let (path, copy) = (bench.path(), bench.folder.path().join("copy.db"));
    let mut bytes = std::fs::read(path).unwrap();
    bytes[4096..].chunks_mut(64).for_each(|chunk| chunk.fill(0xa5));
    std::fs::write(&copy, bytes).unwrap();
    let error = match SqliteStore::open(&copy).await {
        Ok(store) => store.get(&key("t", 1)).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(&error, StoreError::Schema { reason, .. } if reason.contains("damaged")), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_openings_at_once_make_one_set_of_tables() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("idem.db");
        let opening = |path: PathBuf| tokio::spawn(async move { SqliteStore::open(path).await });
        let openings: Vec<_> = (0..30).map(|_| opening(path.clone())).collect();
        for (n, opening) in openings.into_iter().enumerate() {
            done(&opening.await.unwrap().unwrap(), key("t", n as u64), b"x").await;
        }
    }
}

#[tokio::test]
async fn a_file_removed_or_replaced_while_open_is_refused_and_a_file_put_back_is_not() {
    let bench = Bench::new().await;
    done(&bench.store, key("t", 1), b"x").await;
    let (path, away) = (bench.path(), bench.folder.path().join("away.db"));
    std::fs::rename(&path, &away).unwrap();
    let refused = async |when: &str| {
        let error = bench.store.claim(&crate::support::request(key("t", 2))).await.unwrap_err();
        let said = matches!(&error, StoreError::Schema { reason, .. } if reason.contains("removed or replaced"));
        assert!(said, "{when}: {error:?}");
        assert!(bench.store.get(&key("t", 1)).await.is_err(), "{when}");
        assert!(bench.store.keeper().await.is_err(), "{when}");
    };
    refused("removed").await;
    assert!(!path.exists(), "no new file was made");
    std::fs::write(&path, "").unwrap();
    refused("replaced").await;
    std::fs::remove_file(&path).unwrap();
    std::fs::rename(&away, &path).unwrap();
    assert!(bench.store.get(&key("t", 1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_path_of_odd_letters_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a b.db", "50%25?.db", "#1&mode=rw.db", "ключ.db", "it's \"quoted\".db"] {
        let path = folder.path().join(name);
        let store = SqliteStore::open(&path).await.unwrap();
        done(&store, key("t", 1), b"x").await;
        assert!(path.is_file(), "{name}");
    }
}

/// A clock that panics when it is looked at for the fourth time.
#[derive(Debug, Default)]
struct PanicsOnce(AtomicU32);

impl Clock for PanicsOnce {
    fn now(&self) -> Timestamp {
        assert_ne!(self.0.fetch_add(1, Ordering::SeqCst), 3, "the clock stopped");
        SystemClock.now()
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime()
    }
}

#[tokio::test]
async fn a_panic_inside_a_transaction_leaves_a_store_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(PanicsOnce::default());
    let store = SqliteStore::builder(folder.path().join("idem.db")).clock(clock.clone()).open().await.unwrap();
    // The third look is that of the plain read, the fourth that of the transaction.
    clock.0.store(2, Ordering::SeqCst);
    let claim = crate::support::request(key("t", 1));
    let error = store.claim(&claim).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable { reason, .. } if reason.contains("panicked")), "{error:?}");
    assert!(store.get(&key("t", 1)).await.unwrap().is_none());
    crate::support::claimed(store.claim(&claim).await.unwrap());
}

#[test]
fn a_store_shows_its_path_and_no_record() {
    let bench = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(Bench::new());
    let shown = format!("{:?}", bench.store);
    assert_eq!(shown, format!("SqliteStore {{ path: {:?}, .. }}", bench.path()));
}
