#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(error = refused)]
async fn send(topic: &str) -> Result<u64, &str> {
    Err(topic)
}

fn refused(_: idem::Error) -> &'static str {
    "refused"
}

fn main() {}
