//! The attributes, documented where the runtime is at hand, so that their examples run.

#[doc = include_str!("attributes/idempotent.md")]
pub use idem_macros::idempotent;
#[doc = include_str!("attributes/daily.md")]
pub use idem_macros::idempotent_daily;
#[doc = include_str!("attributes/once.md")]
pub use idem_macros::idempotent_once;
#[doc = include_str!("attributes/not_idempotent.md")]
pub use idem_macros::not_idempotent;
#[doc = include_str!("attributes/strict.md")]
pub use idem_macros::strict;
