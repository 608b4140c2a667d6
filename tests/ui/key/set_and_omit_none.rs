#![allow(unused_variables)]

use idem::idempotent;

type Tags = Option<Vec<String>>;

#[idempotent]
async fn send(#[idem(set, omit_none)] tags: Tags) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
