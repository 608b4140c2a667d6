#![allow(unused_variables)]

use idem::{ErrorDisposition, idempotent};

fn judge(error: idem::Error) -> ErrorDisposition {
    ErrorDisposition::Retry
}

#[idempotent(on_error = judge)]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
