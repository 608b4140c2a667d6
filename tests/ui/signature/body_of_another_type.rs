#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64) -> Result<u64, idem::Error> {
    user
}

fn main() {}
