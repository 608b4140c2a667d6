//! The checks, each with the rule it proves.

mod claim;

use std::fmt;
use std::pin::Pin;

use super::bench::{Bench, Checked};

type Running<'a> = Pin<Box<dyn Future<Output = Checked> + Send + 'a>>;

/// One promise of a store.
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// The rule it proves, in `docs/spec/protocol.md`.
    pub rule: &'static str,
    /// The promise, in a sentence.
    pub promise: &'static str,
    pub(super) run: for<'a> fn(&'a Bench) -> Running<'a>,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("name", &self.name).field("rule", &self.rule).finish_non_exhaustive()
    }
}

/// The list of checks, for whoever makes something of each.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_checks {
    ($make:path, $with:expr) => {
        $make! {
            $with;
            claim {
                /// A claim of a key without a record is granted, as attempt 1.
                claim_of_absent_is_granted: "PROTO-1",
                /// While one holds the key, every other claim is told who and for how long.
                claim_of_a_held_key_is_running: "PROTO-2",
            }
        }
    };
}

macro_rules! table {
    ($with:expr; $($module:ident { $(#[doc = $promise:literal] $name:ident: $rule:literal,)* })*) => {
        /// All checks, in the order they run.
        pub const CHECKS: &[Check] = &[$($(
            Check { name: stringify!($name), rule: $rule, promise: $promise, run: |bench| Box::pin($module::$name(bench)) },
        )*)*];
    };
}

__conformance_checks!(table, ());
