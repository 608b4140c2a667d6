//! The attributes, documented where the runtime is at hand, so that their examples run.

#[doc = include_str!("attributes/idempotent.md")]
pub use idem_macros::idempotent;
#[doc = include_str!("attributes/shorthands.md")]
pub use idem_macros::{idempotent_daily, idempotent_once, not_idempotent, strict};
