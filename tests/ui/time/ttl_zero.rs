#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(ttl = "0s")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
