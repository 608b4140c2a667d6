//! What the compiler tells the user.

mod ctxt;
mod suggest;

pub(crate) use ctxt::Ctxt;
pub(crate) use suggest::{did_you_mean, listed};
