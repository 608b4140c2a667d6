#![allow(unused_variables)]

use idem::idempotent;

struct Mailer;

impl Mailer {
    #[idempotent(name = "mailer.send", companion = Digest)]
    async fn send(&self, user: u64) -> Result<(), idem::Error> {
        Ok(())
    }
}

fn main() {}
