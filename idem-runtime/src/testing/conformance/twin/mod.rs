//! The store beside a model of it: the same operations on both, and the answers compared.

mod act;
mod compare;
mod met;
mod model;
mod play;
mod real;
#[cfg(test)]
mod tests;
mod text;

pub(super) use self::act::{Act, Policy, Word};
pub(super) use self::met::Met;
pub(super) use self::play::Twin;
