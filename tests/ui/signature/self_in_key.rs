#![allow(unused_variables)]

use idem::idempotent;

struct Mailer {
    id: u64,
}

impl Mailer {
    #[idempotent(name = "mailer.send", key(self.id))]
    async fn send(&self, user: u64) -> Result<(), idem::Error> {
        Ok(())
    }
}

fn main() {}
