#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(on_error = "store", error_ttl = "10m", max_attempts = 1)]
async fn charge(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
