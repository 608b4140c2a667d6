#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(result = "discard", max_result = "1MiB")]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
