#![allow(unused_variables)]

use idem::idempotent;

type Attempts = u32;

#[idempotent]
async fn send(user: u64, #[idem(omit_none)] attempt: Attempts) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
