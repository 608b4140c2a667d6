#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(ttl = "10s", lease = "1m")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
