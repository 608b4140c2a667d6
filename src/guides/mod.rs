//! Guides. Their code is tested with the library.

#[doc = include_str!("first_steps.md")]
pub mod first_steps {}

#[doc = include_str!("keys.md")]
pub mod keys {}

#[doc = include_str!("failures.md")]
pub mod failures {}

#[doc = include_str!("queues.md")]
pub mod queues {}

#[cfg(feature = "testing")]
#[doc = include_str!("safe.md")]
pub mod safe {}

#[doc = include_str!("operation.md")]
pub mod operation {}
