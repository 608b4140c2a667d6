#![allow(unused_variables)]

use idem::idempotent;

#[async_trait::async_trait]
trait Mailer {
    async fn send(&self, user: u64) -> Result<u64, idem::Error>;
}

struct Smtp;

#[async_trait::async_trait]
impl Mailer for Smtp {
    #[idempotent(name = "mailer.send")]
    async fn send(&self, user: u64) -> Result<u64, idem::Error> {
        let held = std::rc::Rc::new(user);
        std::future::ready(()).await;
        Ok(*held)
    }
}

fn main() {}
