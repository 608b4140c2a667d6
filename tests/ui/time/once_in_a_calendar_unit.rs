#![allow(unused_variables)]

use idem::idempotent_once;

#[idempotent_once(date_based)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
