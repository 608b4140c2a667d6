#![allow(unused_variables)]

use idem::idempotent;

fn lower(text: &str, times: u8) -> String {
    text.to_lowercase()
}

#[idempotent]
async fn send(#[idem(with = lower)] user: String) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
