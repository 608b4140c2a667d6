#![allow(unused_variables)]

use idem::idempotent;

#[async_trait::async_trait]
trait Mailer {
    async fn send(&self, user: (u64, u64)) -> Result<u64, idem::Error>;
}

struct Smtp;

#[async_trait::async_trait]
impl Mailer for Smtp {
    #[idempotent(name = "mailer.send")]
    async fn send(&self, (user, _): (u64, u64)) -> Result<u64, idem::Error> {
        Ok(user)
    }
}

fn main() {}
