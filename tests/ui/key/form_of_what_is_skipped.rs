#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64, #[idem(skip, name = "a")] attempt: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
