#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key(user, topic), skip(topic))]
async fn send(user: u64, topic: String) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
