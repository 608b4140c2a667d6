#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

async fn forgotten(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {
    let _ = idem::tasks![send, forgotten];
}
