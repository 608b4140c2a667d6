#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64, then: impl Fn(u64)) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
