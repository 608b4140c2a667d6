#![allow(unused_variables)]

use idem::idempotent;

#[derive(Debug)]
struct AppError;

fn to_app(error: String) -> AppError {
    AppError
}

#[idempotent(error = to_app)]
async fn send(user: u64) -> Result<(), AppError> {
    Ok(())
}

fn main() {}
