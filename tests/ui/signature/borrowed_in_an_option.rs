#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(topic: &str) -> Result<Option<&str>, idem::Error> {
    Ok(Some(topic))
}

fn main() {}
