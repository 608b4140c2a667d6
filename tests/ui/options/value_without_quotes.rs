#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(ttl = 24)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
