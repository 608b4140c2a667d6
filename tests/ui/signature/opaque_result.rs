#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64) -> Result<impl std::fmt::Display, idem::Error> {
    Ok(user)
}

fn main() {}
