#![allow(unused_variables)]

use idem::idempotent;

struct Connection;

#[idempotent(transaction = tx, max_attempts = 5)]
async fn send(tx: &mut Connection, user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
