#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(on_stale = "prak")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
