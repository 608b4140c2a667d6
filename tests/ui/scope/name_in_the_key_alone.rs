#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(scope = "customer")]
async fn charge(#[idem(name = "customer")] buyer: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
