#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key = "autoclose:{job_id}:{attempt}", skip(attempt))]
async fn send(job_id: u64, attempt: u32) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
