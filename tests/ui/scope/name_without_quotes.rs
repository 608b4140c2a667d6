#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(scope(user))]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
