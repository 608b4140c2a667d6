#![allow(unused_variables)]

use idem::idempotent;

struct Connection;

#[idempotent(transaction = txn)]
async fn send(#[idem(skip)] tx: &mut Connection, user: u64, #[idem(skip)] owned: Connection) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
