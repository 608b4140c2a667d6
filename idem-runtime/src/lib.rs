//! Keys, protocol, stores and run pipeline of `idem`. Depend on the facade, not on this crate.
pub mod key;
