#![allow(unused_variables)]

use idem::not_idempotent;

#[not_idempotent(reason = " ")]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
