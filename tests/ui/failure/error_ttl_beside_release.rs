#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(on_error = "release", error_ttl = "10m")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
