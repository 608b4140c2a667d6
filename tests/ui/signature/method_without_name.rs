#![allow(unused_variables)]

use idem::idempotent;

struct Mailer;

impl Mailer {
    #[idempotent]
    async fn send(&self, user: u64) -> Result<(), idem::Error> {
        Ok(())
    }
}

fn main() {}
