//! The world that the handlers act on: a payment service, and a bank account with a lock.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use idem::idempotent;

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error(transparent)]
    Store(#[from] idem::StoreError),
    #[error("refused: {0}")]
    Refused(&'static str),
}

/// A payment service that answers as a network does: the caller waits before the charge and after it.
#[derive(Debug, Default)]
pub struct Payments {
    charges: Mutex<u32>,
    keys: Mutex<BTreeSet<String>>,
}

impl Payments {
    /// Charges, whoever asked before.
    pub async fn charge(&self) {
        tokio::task::yield_now().await;
        *lock(&self.charges) += 1;
        tokio::task::yield_now().await;
    }

    /// Charges, unless it has under this key.
    pub async fn charge_under(&self, key: &str) {
        tokio::task::yield_now().await;
        if lock(&self.keys).insert(key.to_owned()) {
            *lock(&self.charges) += 1;
        }
        tokio::task::yield_now().await;
    }

    /// Charges at once: the caller never waits.
    pub fn charge_at_once(&self) {
        *lock(&self.charges) += 1;
    }

    /// Takes a charge back.
    pub fn refund(&self) {
        *lock(&self.charges) -= 1;
    }

    pub fn charges(&self) -> u32 {
        *lock(&self.charges)
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// Safe: the provider knows the charge of an earlier attempt by its key.
#[idempotent(name = "explore.safe")]
pub async fn charge_safely(#[idem(skip)] payments: &Payments, order: u32) -> Result<u32, AppError> {
    payments.charge_under(&idem::current().derive_key("charge")?).await;
    Ok(order)
}

/// Not safe: an attempt that was killed after its charge charges again.
#[idempotent(name = "explore.unsafe")]
pub async fn charge(#[idem(skip)] payments: &Payments, order: u32) -> Result<u32, AppError> {
    payments.charge().await;
    Ok(order)
}

/// The same without a wait.
#[idempotent(name = "explore.at_once")]
pub async fn charge_at_once(#[idem(skip)] payments: &Payments, order: u32) -> Result<u32, AppError> {
    payments.charge_at_once();
    Ok(order)
}
