#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(scope(user = usr))]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
