//! The attributes of `idem`. Depend on the facade, not on this crate.
