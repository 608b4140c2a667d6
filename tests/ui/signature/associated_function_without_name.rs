#![allow(unused_variables)]

use idem::idempotent;

struct Mailer;

impl Mailer {
    #[idempotent(associated)]
    async fn send(user: u64) -> Result<u64, idem::Error> {
        Ok(user)
    }
}

fn main() {}
