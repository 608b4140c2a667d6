#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(version = 0)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
