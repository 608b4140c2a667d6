#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: String) -> Result<u64, idem::Error> {
    let user: u64 = user.parse()?;
    Ok(user)
}

fn main() {}
