#![allow(unused_variables)]

use idem::idempotent;

use std::pin::Pin;

#[idempotent]
fn send(user: u64) -> Pin<Box<dyn Future<Output = Option<u64>> + Send>> {
    Box::pin(async move { Some(user) })
}

fn main() {}
