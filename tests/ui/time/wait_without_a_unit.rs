#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(wait = "10")]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
