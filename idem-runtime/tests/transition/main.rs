//! The protocol's pure functions: the tables of the specification, cell by cell, and what the tables do not say.

mod support;

mod fence;
mod lease;
mod operator;
