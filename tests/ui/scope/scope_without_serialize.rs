#![allow(unused_variables)]

use idem::idempotent;

struct Tenant;

#[idempotent(scope = "tenant", skip(tenant))]
async fn send(tenant: Tenant, topic: String) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
