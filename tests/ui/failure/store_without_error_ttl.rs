#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(on_error = "store")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
