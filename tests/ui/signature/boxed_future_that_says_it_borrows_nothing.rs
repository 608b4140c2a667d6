#![allow(unused_variables)]

use idem::idempotent;

use std::pin::Pin;

#[idempotent]
fn send(user: u64, text: &str) -> Pin<Box<dyn Future<Output = Result<u64, idem::Error>> + Send>> {
    Box::pin(async move { Ok(user) })
}

fn main() {}
