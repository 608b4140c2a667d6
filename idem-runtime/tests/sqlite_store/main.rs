//! The SQLite store: its file, its rows, its neighbours in other processes.
#![cfg(feature = "sqlite")]

mod agreement;
mod basics;
mod cancel;
mod disk;
mod locks;
mod opening;
mod processes;
mod rows;
mod schema;
mod support;
mod sweep;
