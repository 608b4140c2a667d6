#![deny(warnings)]

use idem::idempotent;

#[idempotent(tll = "24h")]
async fn send(user: u64) -> Result<u64, idem::Error> {
    let unused = 1;
    Ok(user)
}

fn main() {
    drop(send(1));
}
