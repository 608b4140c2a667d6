#![allow(unused_variables)]

use idem::idempotent_daily;

#[idempotent_daily(bucket = "week")]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
