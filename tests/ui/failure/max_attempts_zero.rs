#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(max_attempts = 0)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
