#![allow(unused_variables)]

use idem::strict;

#[strict]
#[strict]
async fn send(user: u64, tenant: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
