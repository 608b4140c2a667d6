#![allow(unused_variables)]

use idem::idempotent;

struct Receipt;

type Answer<T> = Result<T, idem::Error>;

#[idempotent]
async fn send(user: u64) -> Answer<Receipt> {
    Ok(Receipt)
}

fn main() {}
