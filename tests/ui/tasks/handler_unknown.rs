#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {
    let _ = idem::tasks![sned];
}
