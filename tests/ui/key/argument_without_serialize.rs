#![allow(unused_variables)]

use idem::idempotent;

struct Order {
    id: u64,
}

#[idempotent]
async fn charge(order: Order) -> Result<(), idem::Error> {
    println!("{}", order.id);
    Ok(())
}

fn main() {}
