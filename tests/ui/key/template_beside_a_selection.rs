#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key = "autoclose:{job_id}", key(job_id))]
async fn send(job_id: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
