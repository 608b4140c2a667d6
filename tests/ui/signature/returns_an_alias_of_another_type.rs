#![allow(unused_variables)]

use idem::idempotent;

type Answer<T> = std::task::Poll<T>;

#[idempotent(ttl = "24h", on_in_progress = "skip")]
async fn send(user: u64) -> Answer<u64> {
    Answer::Ready(user)
}

fn main() {}
