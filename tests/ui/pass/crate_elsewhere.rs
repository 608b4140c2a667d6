#![deny(warnings)]

mod vendor {
    pub use ::idem as idempotency;
}

/// Stands where the facade is looked for by name, without a path from the root.
#[allow(dead_code)]
mod idem {}

use vendor::idempotency::{Error, idempotent, not_idempotent};

#[idempotent(crate = crate::crate_elsewhere::vendor::idempotency, scope = "tenant", date_based, on_in_progress = "skip")]
async fn send(user: u64) -> Result<u64, Error> {
    Ok(user)
}

#[not_idempotent(crate = crate::crate_elsewhere::vendor::idempotency, reason = "reads only")]
async fn find(user: u64) -> Result<u64, Error> {
    Ok(user)
}

#[test]
fn compiles() {
    let _ = (send(1), find(1));
    let _ = vendor::idempotency::tasks![send, find];
}
