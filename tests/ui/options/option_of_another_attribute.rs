#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(reason = "reads only")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
