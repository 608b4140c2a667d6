#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64) -> Option<u64> {
    Some(user)
}

fn main() {}
