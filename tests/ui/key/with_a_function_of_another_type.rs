#![allow(unused_variables)]

use idem::idempotent;

fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[idempotent]
async fn send(#[idem(with = lower)] user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
