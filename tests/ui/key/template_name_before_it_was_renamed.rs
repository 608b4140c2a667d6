#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key = "autoclose:{id}")]
async fn send(#[idem(name = "job_id")] id: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
