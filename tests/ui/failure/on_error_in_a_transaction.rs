#![allow(unused_variables)]

use idem::idempotent;

struct Connection;

#[idempotent(transaction = tx, on_error = "store", error_ttl = "10m")]
async fn send(tx: &mut Connection, user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
