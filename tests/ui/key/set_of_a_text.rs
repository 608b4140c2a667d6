#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(#[idem(set)] user: String) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
