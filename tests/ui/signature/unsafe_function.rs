#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async unsafe fn send(user: u64) -> Result<u64, idem::Error> {
    Ok(user)
}

fn main() {}
