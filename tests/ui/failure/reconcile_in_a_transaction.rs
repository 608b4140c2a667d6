#![allow(unused_variables)]

use idem::{AbandonedClaim, Reconciled, idempotent};

struct Connection;

async fn happened(tx: &Connection, user: &u64, claim: &AbandonedClaim) -> Reconciled<()> {
    Reconciled::Unknown
}

#[idempotent(transaction = tx, reconcile = happened)]
async fn send(tx: &mut Connection, user: u64) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
