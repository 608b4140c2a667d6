#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(on_error = "store", error_ttl = "10x")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
