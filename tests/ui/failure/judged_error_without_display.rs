#![allow(unused_variables)]

use idem::{ErrorDisposition, idempotent};

#[derive(Debug)]
struct AppError;

impl From<idem::Error> for AppError {
    fn from(error: idem::Error) -> Self {
        AppError
    }
}

fn judge(error: &AppError) -> ErrorDisposition {
    ErrorDisposition::Retry
}

#[idempotent(on_error = judge)]
async fn send(user: u64) -> Result<(), AppError> {
    Ok(())
}

fn main() {}
