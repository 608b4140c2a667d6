#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key(customer))]
async fn charge(#[idem(name = "customer")] buyer: u64, cents: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
