#![deny(warnings)]

use idem::idempotent;

#[deprecated]
#[derive(serde::Serialize)]
pub struct Old;

#[idempotent(name = "mailer.send", skip(skipped))]
pub async fn send(mut user: u64, notSnake: u64, old: Old, skipped: u8) -> Result<u64, idem::Error> {
    Ok(user + notSnake)
}

fn main() {}
