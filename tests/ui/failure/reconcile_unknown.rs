#![allow(unused_variables)]

use idem::{AbandonedClaim, Reconciled, idempotent};

async fn happened(order: &u64, claim: &AbandonedClaim) -> Reconciled<String> {
    Reconciled::Unknown
}

#[idempotent(reconcile = hapened)]
async fn charge(order: u64) -> Result<String, idem::Error> {
    Ok(String::new())
}

fn main() {}
