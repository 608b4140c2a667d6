#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(reconcile = happened)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
