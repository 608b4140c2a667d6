#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(on_in_progress = "wiat")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
