#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(max_runtime = 15)]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
