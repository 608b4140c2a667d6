#![allow(unused_variables)]

use idem::idempotent;

struct Lower(String);

fn lower(text: &str) -> Lower {
    Lower(text.to_lowercase())
}

#[idempotent]
async fn send(#[idem(with = lower)] user: String) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
