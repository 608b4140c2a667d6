#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(accept = "previous")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
