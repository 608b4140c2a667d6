#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(error = to_app)]
async fn send(user: u64) -> Result<(), String> {
    Ok(())
}

fn main() {}
