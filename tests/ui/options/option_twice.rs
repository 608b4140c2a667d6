#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(ttl = "24h", strict, ttl = "48h")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
