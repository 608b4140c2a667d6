//! The store beside a model of it: the same operations on both, and the answers compared.

mod act;
mod compare;
mod model;
mod play;

pub(super) use self::act::{Act, Policy, Word};
pub(super) use self::play::Twin;
