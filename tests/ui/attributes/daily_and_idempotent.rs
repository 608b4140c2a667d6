#![allow(unused_variables)]

use idem::{idempotent, idempotent_daily};

#[idempotent_daily]
#[idempotent(ttl = "1h")]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
