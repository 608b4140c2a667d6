//! What stands in an `impl` or a trait.
#![deny(warnings)]

use std::pin::Pin;
use std::sync::Arc;

use idem::idempotent;

use super::{entered, once};
use crate::support::{AppError, runtime};

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Mailer {
    sent: u64,
}

impl Mailer {
    #[idempotent(name = "it.signatures.shared")]
    async fn by_ref(&self, user: u64) -> Result<u64, AppError> {
        entered();
        Ok(self.sent + user)
    }

    #[idempotent(name = "it.signatures.mutable")]
    async fn by_mut(&mut self, user: u64) -> Result<u64, AppError> {
        entered();
        self.sent += user;
        Ok(self.sent)
    }

    #[idempotent(name = "it.signatures.value")]
    async fn by_value(mut self, user: u64) -> Result<Self, AppError> {
        entered();
        self.sent += user;
        Ok(self)
    }

    #[idempotent(name = "it.signatures.arc")]
    async fn by_arc(self: Arc<Self>, user: u64) -> Result<u64, AppError> {
        entered();
        Ok(self.sent + user)
    }

    #[idempotent(name = "it.signatures.box")]
    async fn by_box(self: Box<Self>, user: u64) -> Result<u64, AppError> {
        entered();
        Ok(self.sent + user)
    }

    #[idempotent(name = "it.signatures.pin")]
    async fn by_pin(mut self: Pin<&mut Self>, user: u64) -> Result<u64, AppError> {
        entered();
        self.sent += user;
        Ok(self.sent)
    }

    #[idempotent(name = "it.signatures.rc")]
    async fn by_rc(self: std::rc::Rc<Self>, user: u64) -> Result<u64, AppError> {
        entered();
        Ok(self.sent + user)
    }

    #[idempotent(name = "it.signatures.self_in_types")]
    async fn merge(one: Self, other: &Self) -> Result<Self, AppError> {
        entered();
        Ok(Self { sent: one.sent + other.sent })
    }

    #[idempotent(name = "it.signatures.associated", associated)]
    async fn connect(host: &str) -> Result<usize, AppError> {
        entered();
        Ok(host.len())
    }
}

/// Of any type: the task is one, whatever `T` is.
struct Holder<T>(T);

impl<T: Sync> Holder<T>
where
    T: std::fmt::Display,
{
    #[idempotent(name = "it.signatures.generic_impl", skip(more))]
    async fn show<U: std::fmt::Display + Send>(&self, user: u64, more: U) -> Result<String, AppError> {
        entered();
        Ok(format!("{}{user}{more}", self.0))
    }
}

trait Sends {
    type Sent;

    async fn send(&self, user: u64) -> Result<Self::Sent, AppError>;

    #[idempotent(name = "it.signatures.by_default")]
    async fn by_default(&self, user: u64) -> Result<u64, AppError> {
        entered();
        Ok(user)
    }
}

impl Sends for Mailer {
    type Sent = u64;

    #[idempotent(name = "it.signatures.native_trait")]
    async fn send(&self, user: u64) -> Result<Self::Sent, AppError> {
        entered();
        Ok(self.sent + user)
    }
}

#[tokio::test]
async fn receivers_of_every_form() {
    let mailer = || Mailer { sent: 10 };
    let in_runtime = async {
        once!(mailer().by_ref(1), 11);
        let mut changed = mailer();
        once!(changed.by_mut(1), 11);
        assert_eq!(changed.sent, 11);
        once!(mailer().by_value(1), Mailer { sent: 11 });
        once!(Arc::new(mailer()).by_arc(1), 11);
        once!(Box::new(mailer()).by_box(1), 11);
        once!(Pin::new(&mut mailer()).by_pin(1), 11);
        once!(local std::rc::Rc::new(mailer()).by_rc(1), 11);
        once!(Mailer::merge(mailer(), &mailer()), Mailer { sent: 20 });
        once!(Mailer::connect("localhost"), 9);
        once!(Holder('a').show(1, "b"), "a1b");
    };
    runtime().enter(in_runtime).await;
}

#[tokio::test]
async fn methods_of_traits() {
    let mailer = Mailer { sent: 10 };
    let in_runtime = async {
        once!(mailer.send(1), 11);
        once!(mailer.by_default(1), 1);
    };
    runtime().enter(in_runtime).await;
}
