#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(ttl = "24x")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {
    let _ = idem::tasks![send];
    let _ = send(7);
}
