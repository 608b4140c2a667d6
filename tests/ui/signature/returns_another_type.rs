#![allow(unused_variables)]

use idem::idempotent;

#[derive(serde::Serialize, serde::Deserialize)]
struct Receipt;

#[idempotent]
async fn send(user: u64) -> Receipt {
    Receipt
}

fn main() {}
