#![allow(unused_variables)]

use idem::not_idempotent;

#[not_idempotent(reason = "reads only", ttl = "24h")]
async fn find(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
