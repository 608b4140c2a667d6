#![allow(unused_variables)]

use idem::{idempotent, idempotent_once};

#[idempotent(ttl = "24h")]
#[idempotent_once]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
