#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(version = 2u32)]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
