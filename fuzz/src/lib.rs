//! A target takes any input and says by a panic that something is wrong. This runner feeds it: first with what stands in
//! `corpus/<target>`, which is what once was wrong or is hard to hit, then with inputs by chance.
//!
//! In the tests chance is the same on every run. With `IDEM_FUZZ_SECONDS` in the environment each target goes on for so
//! many seconds, from `IDEM_FUZZ_SEED` or from a seed of its own, which the report and every failure name.

mod mutate;
mod report;
mod run;

pub use self::report::Report;
pub use self::run::{fuzz, fuzz_bytes, fuzz_text};

#[cfg(test)]
mod tests;
