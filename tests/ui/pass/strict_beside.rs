#![deny(warnings)]

use idem::{idempotent, idempotent_daily, idempotent_once, strict};

#[strict]
async fn alone(user: u64) -> Result<u64, idem::Error> {
    Ok(user)
}

#[strict]
#[idempotent(ttl = "24h")]
async fn above(user: u64) -> Result<u64, idem::Error> {
    Ok(user)
}

#[idempotent_once]
#[strict]
async fn below(user: u64) -> Result<u64, idem::Error> {
    Ok(user)
}

#[idempotent_daily]
#[idem::strict]
async fn by_path(user: u64) -> Result<u64, idem::Error> {
    Ok(user)
}

mod only_import {
    use idem::{idempotent, strict};

    #[idempotent]
    #[strict]
    pub(crate) async fn here(user: u64) -> Result<u64, idem::Error> {
        Ok(user)
    }
}

#[test]
fn compiles() {
    for task in [alone::TASK, above::TASK, below::TASK, by_path::TASK, only_import::here::TASK] {
        assert!(format!("{task:?}").contains("strict: true"), "{}", task.name());
    }
    let _ = (alone(1), above(1), below(1), by_path(1), only_import::here(1));
}
