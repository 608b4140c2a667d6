#![allow(unused_variables)]

use idem::not_idempotent;

#[not_idempotent]
async fn find(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
