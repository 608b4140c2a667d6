#![allow(unused_variables)]

use idem::idempotent;

#[derive(serde::Serialize)]
struct Order {
    id: u64,
}

fn f(order: &Order) -> u64 {
    order.id
}

#[idempotent(key(order.id))]
async fn send(#[idem(with = f)] order: Order) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
