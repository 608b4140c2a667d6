//! What PostgreSQL's transactions do besides: waits with an end, isolation levels, deadlocks, transactions that failed.

use idem::claim::ClaimVerdict;
use idem::policy::{OnInProgress, OnStoreError};
use idem::sqlx::postgres::PgSslMode;
use idem::sqlx::{self, ConnectOptions as _, Connection as _, PgConnection};
use idem::testing::proxy::{Proxy, WireFault};
use idem::{Error, StoreError, Transactional, idempotent};

use super::on_postgres::{INSERT, Rows};
use crate::support::{AppError, BOUND, claim};

#[idempotent(name = "it.tx.pg.waits", wait = "50ms", transaction = tx)]
async fn waits(tx: &mut PgConnection, id: i64) -> Result<String, AppError> {
    sqlx::query(INSERT).bind(id).execute(&mut *tx).await?;
    Ok(sqlx::query_scalar("SELECT current_setting('lock_timeout')").fetch_one(tx).await?)
}

#[idempotent(name = "it.tx.pg.fails", on_in_progress = "error", transaction = tx)]
async fn fails_at_once(tx: &mut PgConnection, id: i64) -> Result<(), AppError> {
    sqlx::query(INSERT).bind(id).execute(tx).await?;
    Ok(())
}

#[idempotent(name = "it.tx.pg.skips", on_in_progress = "skip", transaction = tx)]
async fn skips(tx: &mut PgConnection, id: i64) -> Result<i64, AppError> {
    sqlx::query(INSERT).bind(id).execute(tx).await?;
    Ok(id)
}

#[idempotent(name = "it.tx.pg.books", transaction = tx)]
async fn books(tx: &mut PgConnection, id: i64) -> Result<i64, AppError> {
    sqlx::query(INSERT).bind(id).execute(tx).await?;
    Ok(id)
}

#[idempotent(name = "it.tx.pg.swallows", transaction = tx)]
async fn swallows_an_error(tx: &mut PgConnection, id: i64) -> Result<i64, AppError> {
    _ = sqlx::query("SELECT 1 / 0").execute(tx).await;
    Ok(id)
}

fn idem<T: std::fmt::Debug>(answer: Result<T, AppError>) -> Error {
    match answer {
        Err(AppError::Idem(error)) => error,
        other => panic!("not refused by idem: {other:?}"),
    }
}

async fn setting(tx: &mut PgConnection, name: &str) -> String {
    sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(tx).await.unwrap()
}

#[tokio::test]
async fn a_rivals_transaction_is_waited_for_as_long_as_the_task_says() {
    let rows = Rows::new().await;
    rows.runtime
        .enter(async {
            let mut first = rows.begin().await;
            sqlx::raw_sql("SET LOCAL lock_timeout = '7s'").execute(&mut *first).await.unwrap();
            assert_eq!(waits(&mut first, 1).await.unwrap(), "7s", "the body has the caller's own setting");
            fails_at_once(&mut first, 1).await.unwrap();
            skips(&mut first, 1).await.unwrap();
            let mut second = rows.begin().await;
            sqlx::raw_sql("SET LOCAL lock_timeout = '7s'").execute(&mut *second).await.unwrap();
            assert!(matches!(idem(waits(&mut second, 1).await), Error::InProgress { .. }));
            assert!(matches!(idem(fails_at_once(&mut second, 1).await), Error::InProgress { .. }));
            assert_eq!(skips::call(&mut second, 1).await.unwrap().kind(), "skipped");
            assert_eq!(setting(&mut second, "lock_timeout").await, "7s");
            first.commit().await.unwrap();
            assert!(waits::call(&mut second, 1).await.unwrap().is_replayed());
            assert_eq!(setting(&mut second, "lock_timeout").await, "7s");
            second.commit().await.unwrap();
            assert_eq!(rows.visible().await, [1, 1, 1]);
        })
        .await;
    rows.done().await;
}

#[tokio::test]
async fn r28_the_commit_is_durable_whatever_the_transaction_said() {
    let rows = Rows::new().await;
    rows.runtime
        .enter(async {
            let mut tx = rows.begin().await;
            sqlx::raw_sql("SET LOCAL synchronous_commit = off").execute(&mut *tx).await.unwrap();
            books(&mut tx, 1).await.unwrap();
            assert_eq!(setting(&mut tx, "synchronous_commit").await, "on");
            tx.commit().await.unwrap();
        })
        .await;
    rows.done().await;
}

#[tokio::test]
async fn a_transaction_that_cannot_see_its_rival_has_to_be_run_again() {
    let rows = Rows::new().await;
    rows.runtime
        .enter(async {
            for level in ["REPEATABLE READ", "SERIALIZABLE"] {
                let id = if level == "SERIALIZABLE" { 2 } else { 1 };
                let mut second = rows.begin().await;
                let begun = sqlx::AssertSqlSafe(format!("SET TRANSACTION ISOLATION LEVEL {level}; SELECT 1"));
                sqlx::raw_sql(begun).execute(&mut *second).await.unwrap();
                let mut first = rows.begin().await;
                books(&mut first, id).await.unwrap();
                first.commit().await.unwrap();
                let error = idem(books(&mut second, id).await);
                assert!(error.is_retryable() && error.to_string().contains("run all of it again"), "{error}");
                second.rollback().await.unwrap();
                let mut again = rows.begin().await;
                assert!(books::call(&mut again, id).await.unwrap().is_replayed());
            }
        })
        .await;
    rows.done().await;
}

deadlock_test!(sqlx::Postgres);

#[tokio::test]
async fn a_connection_without_a_usable_transaction_is_refused() {
    let rows = Rows::new().await;
    rows.runtime
        .enter(async {
            let mut bare = rows.connect().await;
            let error = idem(books(&mut bare, 1).await);
            assert!(matches!(&error, Error::Store { source: StoreError::Transaction { .. }, .. }), "{error}");
            assert!(error.to_string().contains("begin one"), "{error}");
            let mut aborted = rows.begin().await;
            assert!(sqlx::query("SELECT 1 / 0").execute(&mut *aborted).await.is_err());
            let error = idem(books(&mut aborted, 1).await);
            assert!(error.to_string().contains("roll it back"), "{error}");
            let mut tx = rows.begin().await;
            let error = idem(swallows_an_error(&mut tx, 1).await);
            assert!(error.to_string().contains("an earlier statement of the transaction failed"), "{error}");
            assert_eq!(books(&mut tx, 1).await.unwrap(), 1, "the transaction is as it was before that call");
            tx.commit().await.unwrap();
            assert_eq!(rows.visible().await, [1]);
        })
        .await;
    rows.done().await;
}

/// R5: the reply of COMMIT is lost, or COMMIT itself. The caller cannot know which, and delivers the message again.
#[tokio::test]
async fn r05_a_commit_whose_reply_was_lost_is_done_once() {
    const ROUNDS: i64 = 300;
    let rows = Rows::new().await;
    let proxy = Proxy::before(&idem_test_servers::postgres_url()).unwrap();
    // The proxy looks for the word in what it forwards.
    let plain = rows.options.clone().ssl_mode(PgSslMode::Disable);
    let through = plain.host("127.0.0.1").port(proxy.address().port());
    rows.runtime
        .enter(async {
            let (mut replayed, mut ran) = (0, 0);
            for id in 0..ROUNDS {
                let lost = if id % 2 == 0 { WireFault::LoseReply } else { WireFault::LoseRequest };
                let mut connection = through.connect().await.unwrap();
                let mut tx = connection.begin().await.unwrap();
                assert_eq!(books(&mut tx, id).await.unwrap(), id);
                proxy.next_holding("COMMIT", lost);
                assert!(tx.commit().await.is_err(), "the commit was heard");
                let mut again = rows.begin().await;
                let outcome = books::call(&mut again, id).await.unwrap();
                replayed += u32::from(outcome.is_replayed());
                ran += u32::from(outcome.is_fresh());
                again.commit().await.unwrap();
            }
            assert_eq!(rows.visible().await, (0..ROUNDS).collect::<Vec<_>>(), "no double, none lost");
            assert_eq!((replayed, ran), (150, 150));
        })
        .await;
    rows.done().await;
}

/// PROTO-2: whoever holds a key holds it, also where that is not committed yet; it is never taken for a store that is away.
#[tokio::test]
async fn a_leased_call_meets_a_claim_that_is_not_committed() {
    let rows = Rows::new().await;
    let key = rows.runtime.key("it.tx.pg.leased").arg("id", &1).make().unwrap();
    let mut tx = rows.begin().await;
    let mut within = rows.store.within(Transactional::connection(&mut tx)).unwrap();
    let claimed = within.claim(&claim(key)).await.unwrap();
    assert!(matches!(claimed, Some(ClaimVerdict::Claimed(_))), "{claimed:?}");
    drop(within);
    let call = || {
        let call = rows.runtime.call("it.tx.pg.leased").on_store_error(OnStoreError::Run).arg("id", &1);
        call.on_in_progress(OnInProgress::Error).run(async || Ok::<_, Error>(()))
    };
    let refused = tokio::time::timeout(BOUND, call()).await.unwrap();
    assert!(matches!(refused, Err(Error::InProgress { .. })), "{refused:?}");
    // Behind another call of this process, which waits, it is told so as well.
    let waiting = rows.runtime.call("it.tx.pg.leased").arg("id", &1).run(async || Ok::<_, Error>(()));
    let behind = async {
        let refused = call().await;
        tx.rollback().await.unwrap();
        refused
    };
    let (waited, refused) = tokio::time::timeout(BOUND, async { tokio::join!(waiting, behind) }).await.unwrap();
    assert!(matches!(refused, Err(Error::InProgress { .. })), "{refused:?}");
    assert!(waited.unwrap().is_fresh());
    rows.done().await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_audit_sees_a_store_of_another_database() {
    let place = crate::support::Place::sqlite();
    let store = idem::connect(&place.url).await.unwrap();
    let runtime = idem::Runtime::builder().store(store).build().unwrap();
    let report = runtime.audit(idem::tasks![books]).await.unwrap();
    let found = report.findings.iter().any(|finding| finding.code == "IDEM011" && finding.about == "it.tx.pg.books");
    assert!(found, "{report}");
}

/// The records would be in another database than the effect.
#[tokio::test]
async fn a_connection_to_another_database_is_refused() {
    let rows = Rows::new().await;
    let other = format!("{}_other", rows.schema);
    let mut raw = rows.connect().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {other}"))).execute(&mut raw).await.unwrap();
    let mut elsewhere = rows.options.clone().database(&other).connect().await.unwrap();
    rows.runtime
        .enter(async {
            let mut tx = elsewhere.begin().await.unwrap();
            let refused = idem(books(&mut tx, 1).await);
            assert!(matches!(&refused, Error::Store { source: StoreError::Transaction { .. }, .. }), "{refused:?}");
            assert!(refused.to_string().contains("the connection is to another database"), "{refused}");
        })
        .await;
    elsewhere.close().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP DATABASE {other}"))).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
    rows.done().await;
}
