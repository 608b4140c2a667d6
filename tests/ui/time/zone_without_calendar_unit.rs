#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(tz = "Europe/Berlin")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
