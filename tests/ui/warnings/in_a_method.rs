#![deny(warnings)]

use idem::idempotent;

pub struct Smtp;

#[async_trait::async_trait]
pub trait Mailer {
    async fn send(&self, user: u64) -> Result<u64, idem::Error>;
}

#[async_trait::async_trait]
impl Mailer for Smtp {
    #[idempotent(name = "mailer.send")]
    async fn send(&self, mut user: u64) -> Result<u64, idem::Error> {
        let unused = 1;
        Ok(user)
    }
}

impl Smtp {
    #[idempotent(name = "smtp.push")]
    pub async fn push(mut self, user: u64) -> Result<u64, idem::Error> {
        let unused = 1;
        Ok(user)
    }
}

fn main() {}
