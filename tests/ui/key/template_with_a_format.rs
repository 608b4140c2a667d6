#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key = "autoclose:{job_id:04}")]
async fn send(job_id: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
