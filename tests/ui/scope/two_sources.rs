#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(scope = "user")]
async fn send(user: u64, user_id: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
