#![allow(unused_variables)]

use idem::{not_idempotent, strict};

#[not_idempotent(reason = "reads only")]
#[strict]
async fn find(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
