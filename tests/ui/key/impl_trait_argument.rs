#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(payload: impl serde::Serialize) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
