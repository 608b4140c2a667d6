#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send() -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
