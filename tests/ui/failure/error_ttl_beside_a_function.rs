#![allow(unused_variables)]

use idem::idempotent;

fn judge(error: &idem::Error) -> idem::ErrorDisposition {
    idem::ErrorDisposition::Retry
}

#[idempotent(on_error = judge, error_ttl = "10m")]
async fn send(user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
