#![allow(unused_variables)]

use idem::idempotent;

struct Order;

#[idempotent(key = "charge:{order}")]
async fn send(order: Order) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
