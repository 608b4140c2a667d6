//! The suite that proves a store: every rule of `docs/spec/protocol.md` that a store must keep, checked through its
//! public operations.
//!
//! Give [`run`] a function that opens an empty store, with two handles on the same records:
//!
//! ```
//! # use idem_runtime as idem;
//! use idem::MemoryStore;
//! use idem::testing::ManualClock;
//! use idem::testing::conformance::{self, Fixture};
//! use std::sync::Arc;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let report = conformance::run(async || {
//!     let clock = ManualClock::new();
//!     let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
//!     Ok(Fixture::new(Arc::new(store.clone()), Arc::new(store)).clock(clock))
//! })
//! .await;
//! report.assert_passed();
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Each check has a store of its own. A store that lives by a clock of its own (a server) is given no
//! [`clock`](Fixture::clock): then time really passes, in short leases ([`Fixture::lease`]), and checks that would take
//! days are skipped and say so. One check plays random sequences of acts to the store and to the protocol's own functions;
//! [`sequences`](fn@sequences) plays more of them. [`conformance_tests!`](crate::conformance_tests) makes each check a test
//! of its own.

mod bench;
mod brief;
mod checks;
mod fixture;
mod prng;
mod report;
mod run;
mod sequences;
mod twin;
mod worker;

pub use self::checks::{CHECKS, Check};
pub use self::fixture::{BoxError, Fixture, Tamper};
pub use self::report::{Finding, Outcome, Report};
#[doc(hidden)]
pub use self::run::__test;
pub use self::run::{run, run_one, run_where};
pub use self::sequences::{Sequences, sequences};
