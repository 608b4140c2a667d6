#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(window = "0ms")]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
