#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
fn send(user: u64) -> impl Future<Output = Result<u64, idem::Error>> {
    async move { Ok(user) }
}

fn main() {}
