#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(ttl("24h"))]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
