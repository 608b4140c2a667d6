#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(pii)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
