#![allow(unused_variables)]

use idem::idempotent;

#[derive(serde::Serialize, serde::Deserialize)]
struct Receipt;

#[idempotent(on_in_progress = "skip")]
async fn send(user: u64) -> Result<Receipt, idem::Error> {
    Ok(Receipt)
}

fn main() {}
