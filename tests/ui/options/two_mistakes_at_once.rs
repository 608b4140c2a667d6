#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(ttl = "24x", skip(usr))]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
