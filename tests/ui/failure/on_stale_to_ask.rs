#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(on_stale = "reconcile")]
async fn charge(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
