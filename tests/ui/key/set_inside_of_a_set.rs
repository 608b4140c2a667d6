#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(#[idem(set)] users: Vec<std::collections::HashSet<u64>>) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
