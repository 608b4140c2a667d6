#![allow(unused_variables)]

use idem::{AbandonedClaim, Reconciled, idempotent};

async fn happened(_: &u64, _: &AbandonedClaim) -> Reconciled<()> {
    Reconciled::Unknown
}

#[idempotent(max_attempts = 1, reconcile = happened)]
async fn charge(order: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
