//! What MySQL's transactions do besides.

use idem::sqlx::{self, MySqlConnection};
use idem::{Error, idempotent};

use super::on_mysql::{INSERT, Rows};
use crate::support::AppError;

#[idempotent(name = "it.tx.mysql.skips", on_in_progress = "skip", transaction = tx)]
async fn skips(tx: &mut MySqlConnection, id: i64) -> Result<(), AppError> {
    sqlx::query(INSERT).bind(id).execute(tx).await?;
    Ok(())
}

#[idempotent(name = "it.tx.mysql.fails", on_in_progress = "error", transaction = tx)]
async fn fails_at_once(tx: &mut MySqlConnection, id: i64) -> Result<(), AppError> {
    sqlx::query(INSERT).bind(id).execute(tx).await?;
    Ok(())
}

#[idempotent(name = "it.tx.mysql.books", transaction = tx)]
async fn books(tx: &mut MySqlConnection, id: i64) -> Result<(), AppError> {
    sqlx::query(INSERT).bind(id).execute(tx).await?;
    Ok(())
}

// InnoDB undoes all of the victim's transaction: what is told is why.
deadlock_test!(sqlx::MySql);

/// With this setting of the server a wait that ends takes all of the waiting transaction with it.
#[tokio::test]
async fn a_transaction_that_the_server_undid_is_not_said_to_be_usable() {
    let server = idem_test_servers::MySql::start(&["--innodb-rollback-on-timeout=ON"]);
    let rows = Rows::on(server.url()).await;
    rows.runtime
        .enter(async {
            let mut first = rows.begin().await;
            skips(&mut first, 1).await.unwrap();
            fails_at_once(&mut first, 1).await.unwrap();
            for fails in [false, true] {
                let mut second = rows.begin().await;
                sqlx::query(INSERT).bind(100_i64).execute(&mut *second).await.unwrap();
                let lost = if fails { fails_at_once(&mut second, 1).await } else { skips(&mut second, 1).await };
                let Err(AppError::Idem(error @ Error::StoreUnavailable { .. })) = lost else { panic!("{lost:?}") };
                assert!(error.is_retryable() && error.to_string().contains("run all of it again"), "{error}");
            }
        })
        .await;
    rows.done().await;
}

/// The records would be on another server than the effect.
#[tokio::test]
async fn a_connection_to_another_database_is_refused() {
    let server = idem_test_servers::MySql::start(&[]);
    let (rows, elsewhere) = (Rows::new().await, Rows::on(server.url()).await);
    rows.runtime
        .enter(async {
            let mut tx = elsewhere.begin().await;
            let refused = skips(&mut tx, 1).await.unwrap_err();
            assert!(refused.to_string().contains("the connection is to another database"), "{refused}");
        })
        .await;
    elsewhere.done().await;
    rows.done().await;
}
