#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(tll = "24h")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
