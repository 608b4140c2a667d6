//! The whole way, from attribute to replay: one module a behaviour.
#![allow(missing_docs)]

mod replay;
mod support;
