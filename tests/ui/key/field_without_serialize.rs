#![allow(unused_variables)]

use idem::idempotent;

struct Id(u64);

struct Order {
    id: Id,
}

#[idempotent(key(order.id))]
async fn charge(order: Order) -> Result<(), idem::Error> {
    println!("{}", order.id.0);
    Ok(())
}

fn main() {}
