#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64, started: std::time::Instant) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
