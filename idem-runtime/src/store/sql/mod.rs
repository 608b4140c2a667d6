//! What stores in SQL databases share.
//!
//! A server's rows are read and written by statements that commit themselves: no transaction is held open while this
//! process thinks, so that a process that stops holds nothing. A row is read together with the server's clock, the
//! transition decides, and the row is written if its revision is still the one that was read; else all of it again.
//! What is asked often has a statement of its own that does the same in one trip.

#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod dialect;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod lend;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod name;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod offset;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod operate;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod operations;
pub(crate) mod row;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod run;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod sweep;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod url;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod within;
