#![allow(unused_variables)]

use idem::idempotent;

#[derive(serde::Serialize)]
struct Order {
    id: u64,
}

#[idempotent(key = "charge:{order.idd}")]
async fn send(order: Order) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
