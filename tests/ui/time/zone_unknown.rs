#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(date_based(tz = "Europe/Berln"))]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
