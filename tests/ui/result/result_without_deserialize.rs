#![allow(unused_variables)]

use idem::idempotent;

#[derive(serde::Serialize)]
struct Receipt;

#[idempotent]
async fn send(user: u64) -> Result<Receipt, idem::Error> {
    Ok(Receipt)
}

fn main() {}
