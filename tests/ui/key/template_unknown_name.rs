#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key = "autoclose:{jbo_id}:{day}")]
async fn send(job_id: u64, day: &str) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
