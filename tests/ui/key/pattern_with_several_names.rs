#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send((user, topic): (u64, String)) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
