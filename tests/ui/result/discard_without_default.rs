#![allow(unused_variables)]

use idem::idempotent;

struct Receipt;

#[idempotent(result = "discard")]
async fn send(user: u64) -> Result<Receipt, idem::Error> {
    Ok(Receipt)
}

fn main() {}
