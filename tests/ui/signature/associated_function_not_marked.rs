#![allow(unused_variables)]

use idem::idempotent;

struct Mailer;

impl Mailer {
    #[idempotent(name = "mailer.send")]
    async fn send(user: u64) -> Result<(), idem::Error> {
        Ok(())
    }
}

fn main() {}
