#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64, #[cfg_attr(all(), idem(skip))] attempt: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
