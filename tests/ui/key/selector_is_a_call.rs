#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key(topic.len()))]
async fn send(topic: String) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
