#![allow(unused_variables)]

use idem::idempotent;

struct User;

#[idempotent]
async fn send(#[idem(set)] users: Vec<User>) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
