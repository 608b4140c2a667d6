#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64, buffer: *const u8) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
