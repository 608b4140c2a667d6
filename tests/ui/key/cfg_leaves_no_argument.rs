#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(#[cfg(any())] user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
