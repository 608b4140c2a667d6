#![allow(unused_variables)]

use idem::strict;

#[strict(ttl = "24h")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
