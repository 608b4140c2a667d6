#![allow(unused_variables)]

use idem::idempotent;

#[derive(Debug)]
enum AppError {}

#[idempotent]
async fn send(user: u64) -> Result<(), AppError> {
    Ok(())
}

fn main() {}
