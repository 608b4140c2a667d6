#![allow(unused_variables)]

use idem::idempotent;

#[idempotent(key = "autoclose:{day}")]
async fn send(#[idem(omit_none)] day: Option<u8>) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
