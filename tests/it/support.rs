//! What the tests share.

use idem::{MemoryStore, Runtime};

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error("refused by the body: {0}")]
    Body(String),
}

/// A runtime of its own on a memory store of its own.
pub fn runtime() -> Runtime {
    Runtime::builder().store(MemoryStore::new()).namespace("it").build().unwrap()
}
