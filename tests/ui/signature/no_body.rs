#![allow(unused_variables)]

use idem::idempotent;

trait Mailer {
    #[idempotent(name = "mailer.send")]
    async fn send(&self, user: u64) -> Result<(), idem::Error>;
}

fn main() {}
