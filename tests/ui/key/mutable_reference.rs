#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64, log: &mut String) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
