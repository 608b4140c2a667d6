#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64) {}

fn main() {}
