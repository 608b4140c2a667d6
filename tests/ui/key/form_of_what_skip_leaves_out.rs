#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(skip(attempt))]
async fn send(user: u64, #[idem(name = "a")] attempt: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
