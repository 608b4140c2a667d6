#![allow(unused_variables)]

use idem::idempotent;

fn f(user: &u64) -> u64 {
    *user
}

#[idempotent]
async fn send(#[idem(name = "user_id" with = f)] user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
