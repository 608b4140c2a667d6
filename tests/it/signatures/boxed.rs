//! Functions that return a boxed future, as `#[async_trait]` makes of its methods.
#![deny(warnings)]

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::{BoxFuture, FutureExt as _, LocalBoxFuture};
use idem::idempotent;

use super::{counted, entered, once};
use crate::support::{AppError, runtime};

type Answer<T> = Result<T, AppError>;

struct Smtp {
    sent: u64,
}

#[async_trait]
trait Mailer: Send + Sync {
    async fn send(&self, user: u64, text: &str) -> Result<u64, AppError>;
    async fn push(&mut self, user: u64, attempt: u8, both: (u8, u8)) -> anyhow::Result<u64>;
    async fn own(self: Box<Self>, user: u64) -> Answer<u64>;
    async fn shared(self: Arc<Self>, user: u64) -> Answer<u64>;
    async fn connect(host: &str) -> Answer<usize>
    where
        Self: Sized;

    #[idempotent(name = "it.boxed.by_default")]
    async fn by_default(&self, user: u64) -> Answer<u64> {
        entered();
        Ok(user)
    }
}

#[async_trait]
impl Mailer for Smtp {
    #[idempotent(name = "it.boxed.send", scope = "user")]
    async fn send(&self, user: u64, text: &str) -> Result<u64, AppError> {
        entered();
        if text.is_empty() {
            return Ok(self.sent);
        }
        let length: u64 = text.parse().map_err(|_| AppError::Body("no number".into()))?;
        Ok(self.sent + user + length)
    }

    #[idempotent(name = "it.boxed.push", skip(attempt))]
    async fn push(&mut self, mut user: u64, attempt: u8, #[idem(skip)] (a, b): (u8, u8)) -> anyhow::Result<u64> {
        entered();
        anyhow::ensure!(user > 0, "nobody");
        user += u64::from(attempt + a + b);
        self.sent += user;
        Ok(self.sent)
    }

    #[idempotent(name = "it.boxed.own")]
    async fn own(self: Box<Self>, user: u64) -> Answer<u64> {
        entered();
        Ok(self.sent + user)
    }

    #[idempotent(name = "it.boxed.shared")]
    async fn shared(self: Arc<Self>, user: u64) -> Answer<u64> {
        entered();
        Ok(self.sent + user)
    }

    #[idempotent(name = "it.boxed.connect", associated)]
    async fn connect(host: &str) -> Answer<usize> {
        entered();
        Ok(host.len())
    }
}

#[async_trait(?Send)]
trait Local {
    async fn local(&self, user: u64) -> Answer<u64>;
}

#[async_trait(?Send)]
impl Local for std::rc::Rc<u64> {
    #[idempotent(name = "it.boxed.local")]
    async fn local(&self, user: u64) -> Answer<u64> {
        entered();
        let held = Self::clone(self);
        tokio::task::yield_now().await;
        Ok(user + *held)
    }
}

#[idempotent]
fn by_hand<'a>(
    text: &'a str,
    #[idem(skip)] more: &'a [u8],
) -> Pin<Box<dyn Future<Output = Result<usize, AppError>> + Send + 'a>> {
    entered();
    Box::pin(async move { Ok(text.len() + more.len()) })
}

#[idempotent(key(depth))]
fn recursive(depth: u64) -> BoxFuture<'static, Answer<u64>> {
    async move {
        entered();
        Ok(if depth == 0 { 0 } else { 1 + recursive(depth - 1).await? })
    }
    .boxed()
}

#[idempotent]
fn locally(text: &str) -> LocalBoxFuture<'_, anyhow::Result<usize>> {
    entered();
    async move { Ok(text.len()) }.boxed_local()
}

#[tokio::test]
async fn methods_under_async_trait() {
    let smtp = || Smtp { sent: 10 };
    let in_runtime = async {
        let dynamic: &dyn Mailer = &smtp();
        once!(dynamic.send(1, ""), 10);
        once!(dynamic.send(1, "2"), 13);
        once!(dynamic.by_default(1), 1);
        assert!(matches!(counted(dynamic.send(1, "x")).await, (Err(AppError::Body(_)), 1)));
        let mut changed = smtp();
        once!(changed.push(1, 2, (3, 4)), 20);
        assert_eq!(changed.sent, 20);
        once!(Box::new(smtp()).own(1), 11);
        once!(Arc::new(smtp()).shared(1), 11);
        once!(Smtp::connect("localhost"), 9);
        once!(local std::rc::Rc::new(10).local(1), 11);
    };
    runtime().enter(in_runtime).await;
}

#[tokio::test]
async fn functions_that_box_their_future_themselves() {
    let in_runtime = async {
        once!(by_hand("ab", b"c"), 3);
        assert!(by_hand::call("ab", b"c").await.unwrap().is_replayed());
        once!(local locally("ab"), 2);
        assert_eq!(counted(super::sent(recursive(2))).await.1, 3);
        assert_eq!(counted(recursive(2)).await.1, 0);
    };
    runtime().enter(in_runtime).await;
}

/// As with an `async fn`: what the body does before it makes its future is the body's too.
#[tokio::test]
async fn nothing_happens_before_the_first_poll() {
    let in_runtime = async {
        let ((), entries) = counted(async { drop(by_hand("never polled", b"")) }).await;
        assert_eq!(entries, 0);
        assert!(by_hand::status("never polled").await.unwrap().is_none());
    };
    runtime().enter(in_runtime).await;
}

#[cfg(feature = "sqlite")]
mod in_a_transaction {
    use futures::FutureExt as _;
    use idem::sqlx::{self, SqliteConnection};

    use super::{Answer, AppError, BoxFuture, Smtp, async_trait, entered, idempotent, once};
    use crate::support::Place;

    #[async_trait]
    trait Ledger {
        async fn book(&self, tx: &mut SqliteConnection, order: i64) -> Result<i64, AppError>;
    }

    #[async_trait]
    impl Ledger for Smtp {
        #[idempotent(name = "it.boxed.book", transaction = tx)]
        async fn book(&self, tx: &mut SqliteConnection, order: i64) -> Result<i64, AppError> {
            entered();
            sqlx::query("INSERT INTO bookings (id) VALUES (?1)").bind(order).execute(tx).await?;
            Ok(order)
        }
    }

    #[idempotent(transaction = tx)]
    fn by_hand<'a>(tx: &'a mut SqliteConnection, order: i64) -> BoxFuture<'a, Answer<i64>> {
        async move {
            entered();
            sqlx::query("INSERT INTO bookings (id) VALUES (?1)").bind(order).execute(tx).await?;
            Ok(order)
        }
        .boxed()
    }

    #[tokio::test]
    async fn the_caller_commits() {
        let place = Place::sqlite();
        let path = place.folder().unwrap().join("app.db");
        let store = idem::SqliteStore::open(&path).await.unwrap();
        let runtime = idem::Runtime::builder().store(store).build().unwrap();
        let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path)).await;
        let pool = pool.unwrap();
        sqlx::query("CREATE TABLE bookings (id INTEGER)").execute(&pool).await.unwrap();
        let in_runtime = async {
            let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
            once!(Smtp { sent: 0 }.book(&mut tx, 1), 1);
            once!(by_hand(&mut tx, 2), 2);
            tx.commit().await.unwrap();
        };
        runtime.enter(in_runtime).await;
        let booked: i64 = sqlx::query_scalar("SELECT count(*) FROM bookings").fetch_one(&pool).await.unwrap();
        assert_eq!(booked, 2);
        pool.close().await;
    }
}
