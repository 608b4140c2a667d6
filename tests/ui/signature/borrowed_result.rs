#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(topic: &str) -> Result<&str, idem::Error> {
    Ok(topic)
}

fn main() {}
