#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(retries = 3)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
