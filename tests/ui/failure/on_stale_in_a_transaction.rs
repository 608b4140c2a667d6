#![allow(unused_variables)]

use idem::idempotent;

struct Connection;

#[idempotent(transaction = tx, on_stale = "park")]
async fn send(tx: &mut Connection, user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
