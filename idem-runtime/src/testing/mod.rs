//! The testing kit: a clock that tests set, a store that fails on command, a network that does, the suite that proves a store,
//! and the explorer, with a database for its worlds, that tells whether a handler is safe under retries.

mod clock;
pub mod conformance;
mod database;
mod explore;
mod fault;
pub mod proxy;
#[cfg(all(feature = "mysql", feature = "postgres", feature = "redis"))]
#[doc(hidden)]
pub mod stored;

pub use self::clock::ManualClock;
pub use self::database::{Database, Transaction};
pub use self::explore::{Exploration, Explorer, Promise, Violation, current_runtime, explore};
pub use self::fault::{Call, Fault, FaultStore, Faults, Op};
/// For users of the facade, who do not name this crate.
pub use crate::conformance_tests;
