#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(date_based(zone = "Europe/Oslo"))]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
