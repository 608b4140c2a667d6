#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(strict, on_in_progress = "skip")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
