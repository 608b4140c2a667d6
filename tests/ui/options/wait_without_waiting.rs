#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(on_in_progress = "error", wait = "10s")]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
