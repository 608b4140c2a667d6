#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send<T: serde::Serialize>(payload: Vec<T>) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
