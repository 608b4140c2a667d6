#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64, #[idem(omit_none)] attempt: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
