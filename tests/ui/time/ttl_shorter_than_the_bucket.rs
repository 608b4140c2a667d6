#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(ttl = "1h", date_based)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
