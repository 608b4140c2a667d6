#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64, then: Box<dyn Fn(u64) + Send>) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
