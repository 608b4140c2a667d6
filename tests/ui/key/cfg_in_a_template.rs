#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key = "close:{user}")]
async fn send(#[cfg(all())] user: u64, id: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
