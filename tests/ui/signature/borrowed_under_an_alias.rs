#![allow(unused_variables)]

use idem::idempotent;

type Answer<T> = Result<T, idem::Error>;

#[idempotent]
async fn send(topic: &str) -> Answer<&str> {
    Ok(topic)
}

fn main() {}
