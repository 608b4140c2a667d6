#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(ttl = "24h")]
async fn send(users: std::collections::HashSet<u64>) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
