#![allow(unused_variables)]

use idem::idempotent;

#[derive(Debug)]
struct AppError;

impl From<idem::Error> for AppError {
    fn from(error: idem::Error) -> Self {
        AppError
    }
}

#[idempotent(on_error = "store", error_ttl = "10m")]
async fn send(user: u64) -> Result<(), AppError> {
    Ok(())
}

fn main() {}
