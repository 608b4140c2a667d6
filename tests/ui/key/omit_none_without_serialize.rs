#![allow(unused_variables)]

use idem::idempotent;

struct Order;

#[idempotent]
async fn send(user: u64, #[idem(omit_none)] order: Option<Order>) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
