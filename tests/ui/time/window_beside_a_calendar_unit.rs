#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(window = "100ms", date_based)]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
