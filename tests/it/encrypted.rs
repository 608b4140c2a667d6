//! Results encrypted at rest, the whole way: what is replayed, what the file holds.

use idem::sqlx::{Connection as _, SqliteConnection};
use idem::{EncryptedStore, EncryptionKey, Error, Runtime, SqliteStore, idempotent};

use crate::support::AppError;

const SECRET: &str = "IBAN DE75512108001245126199";

#[idempotent(name = "it.encrypted.leased", ttl = "1h")]
async fn leased(id: u32) -> Result<String, AppError> {
    let account = idem::step("look up", async || Ok::<_, AppError>(SECRET.to_owned())).await?;
    Ok(format!("{account} {id}"))
}

#[idempotent(name = "it.encrypted.transactional", ttl = "1h", transaction = tx)]
async fn transactional(tx: &mut SqliteConnection, id: u32) -> Result<String, AppError> {
    let _ = tx;
    Ok(format!("{SECRET} {id}"))
}

fn key(byte: u8) -> EncryptionKey {
    EncryptionKey::new("2026-11", &[byte; 32]).unwrap()
}

async fn runtime(file: &std::path::Path, key: EncryptionKey) -> Runtime {
    let store = EncryptedStore::new(SqliteStore::open(file).await.unwrap(), key);
    Runtime::builder().store(store).namespace("it").build().unwrap()
}

#[tokio::test]
async fn results_and_steps_are_replayed_and_stand_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("idem.db");
    let runtime = runtime(&file, key(1)).await;
    runtime
        .enter(async {
            assert_eq!(leased(1).await.unwrap(), format!("{SECRET} 1"));
            assert!(leased::call(1).await.unwrap().is_replayed());
            let mut connection = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
            for fresh in [true, false] {
                let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
                let outcome = transactional::call(&mut tx, 1).await.unwrap();
                assert_eq!((outcome.is_fresh(), outcome.value().as_str()), (fresh, format!("{SECRET} 1").as_str()));
                tx.commit().await.unwrap();
            }
        })
        .await;
    let mut looked = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(12).any(|part| SECRET.as_bytes().windows(12).any(|secret| secret == part)));
        looked += bytes.len();
    }
    assert!(looked > 10_000, "only {looked} bytes were looked at");
}

#[tokio::test]
async fn a_result_that_does_not_open_is_an_error_and_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("idem.db");
    runtime(&file, key(1)).await.enter(leased(1)).await.unwrap();
    let error = runtime(&file, key(2)).await.enter(leased(1)).await.unwrap_err();
    let AppError::Idem(Error::Store { .. }) = &error else { panic!("{error:?}") };
    assert!(error.to_string().contains("other bytes under the same id"), "{error}");
}
