#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(skip(attempt))]
async fn send(user: u64, topic: String) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
