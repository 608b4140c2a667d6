#![allow(unused_variables)]

use idem::idempotent;

fn judge(error: &idem::Error) -> bool {
    true
}

#[idempotent(on_error = judge)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
