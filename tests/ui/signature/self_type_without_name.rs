#![allow(unused_variables)]

use idem::idempotent;

struct Mailer(u64);

impl Mailer {
    #[idempotent]
    async fn open(user: u64) -> Result<Self, idem::Error> {
        Ok(Self(user))
    }
}

fn main() {}
