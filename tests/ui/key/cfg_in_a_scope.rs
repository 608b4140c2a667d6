#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(scope = "user")]
async fn send(#[cfg(all())] user: u64, id: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
