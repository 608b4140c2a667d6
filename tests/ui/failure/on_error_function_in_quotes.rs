#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(on_error = "errors::judge")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
