#![deny(warnings)]

use std::pin::Pin;

use futures::future::{BoxFuture, FutureExt as _, LocalBoxFuture};
use idem::idempotent;

type Answer<T> = Result<T, idem::Error>;

struct Mailer {
    sent: u64,
}

#[async_trait::async_trait]
trait Sends {
    async fn send(&self, user: u64, text: &str) -> Result<u64, idem::Error>;
    async fn push(&mut self, user: u64, _: u8, text: (u8, u8)) -> anyhow::Result<u64>;
    async fn own(self: Box<Self>, mut user: u64) -> Answer<u64>;

    #[idempotent(name = "ui.boxed.default")]
    async fn by_default(&self, user: u64) -> Answer<u64> {
        Ok(user)
    }
}

#[async_trait::async_trait]
impl Sends for Mailer {
    #[idempotent(name = "ui.boxed.send", ttl = "24h", scope = "user")]
    async fn send(&self, user: u64, text: &str) -> Result<u64, idem::Error> {
        if text.is_empty() {
            return Ok(0);
        }
        Ok(self.sent + user + text.len() as u64)
    }

    #[idempotent(name = "ui.boxed.push")]
    async fn push(&mut self, user: u64, #[idem(skip)] _: u8, #[idem(skip)] (a, b): (u8, u8)) -> anyhow::Result<u64> {
        anyhow::ensure!(user > 0, "nobody");
        self.sent += user + u64::from(a + b);
        Ok(self.sent)
    }

    #[idempotent(name = "ui.boxed.own")]
    async fn own(self: Box<Self>, mut user: u64) -> Answer<u64> {
        user += self.sent;
        Ok(user)
    }
}

#[async_trait::async_trait(?Send)]
trait Local {
    async fn local(&self, user: u64) -> Answer<u64>;
}

#[async_trait::async_trait(?Send)]
impl Local for std::rc::Rc<u64> {
    #[idempotent(name = "ui.boxed.local")]
    async fn local(&self, user: u64) -> Answer<u64> {
        let held = std::rc::Rc::clone(self);
        std::future::ready(()).await;
        Ok(user + *held)
    }
}

#[idempotent]
fn by_hand<'a>(
    text: &'a str,
    #[idem(skip)] more: &'a [u8],
) -> Pin<Box<dyn Future<Output = Result<usize, idem::Error>> + Send + 'a>> {
    Box::pin(async move { Ok(text.len() + more.len()) })
}

#[idempotent]
fn by_alias(text: &str) -> BoxFuture<'_, anyhow::Result<usize>> {
    async move { Ok(text.len()) }.boxed()
}

#[idempotent]
fn locally(text: String) -> LocalBoxFuture<'static, Answer<usize>> {
    async move { Ok(text.len()) }.boxed_local()
}

#[idempotent]
fn forever(text: String) -> Pin<Box<dyn Future<Output = Answer<usize>> + Send>> {
    Box::pin(async move { Ok(text.len()) })
}

#[idempotent(key(depth))]
fn recursive(depth: u64) -> BoxFuture<'static, Answer<u64>> {
    Box::pin(async move { if depth == 0 { Ok(0) } else { Ok(1 + recursive(depth - 1).await?) } })
}

#[test]
fn compiles() {
    fn is_send<T: Send>(_: T) {}
    let mut mailer = Mailer { sent: 0 };
    is_send(mailer.send(1, "x"));
    is_send(mailer.push(1, 2, (3, 4)));
    is_send(mailer.by_default(1));
    is_send(Box::new(mailer).own(1));
    drop(std::rc::Rc::new(1).local(1));
    is_send(by_hand("x", b"y"));
    is_send(by_hand::call("x", b"y"));
    is_send(by_alias("x"));
    is_send(by_alias::call("x"));
    is_send(by_alias::status("x"));
    drop(locally("x".into()));
    is_send(forever("x".into()));
    is_send(recursive(2));
    let _ = idem::tasks![by_hand, by_alias, locally, recursive, "ui.boxed.send"];
}
