#![deny(warnings)]

use idem::idempotent;

#[deprecated]
fn old() {}

#[must_use]
fn answer() -> u64 {
    7
}

#[idempotent(name = "mailer.send")]
async fn send(user: u64) -> Result<u64, idem::Error> {
    let unused = 1;
    let mut never_changed = user;
    answer();
    old();
    let NotSnake = never_changed;
    return Ok(NotSnake);
    Ok(1)
}

fn main() {
    drop(send(1));
}
