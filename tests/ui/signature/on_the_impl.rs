#![allow(unused_variables)]

use idem::idempotent;

struct Mailer;

#[idempotent(name = "mailer.send")]
impl Mailer {
    async fn send(&self, user: u64) -> Result<u64, idem::Error> {
        Ok(user)
    }
}

fn main() {}
