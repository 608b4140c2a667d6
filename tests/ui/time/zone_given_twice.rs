#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(date_based(tz = "Europe/Oslo"), tz = "Europe/Berlin")]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
