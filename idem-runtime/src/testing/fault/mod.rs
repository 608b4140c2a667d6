//! A store that fails on command.

mod control;
mod store;

pub use self::control::{Call, Fault, Faults, Op};
pub use self::store::FaultStore;
