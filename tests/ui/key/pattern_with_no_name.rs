#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64, _: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
