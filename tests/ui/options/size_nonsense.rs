#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(max_result = "1mb")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
