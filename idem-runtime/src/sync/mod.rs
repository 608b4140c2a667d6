//! What goes on side by side in a process is made of these: the standard library's and tokio's. In the tests of interleavings
//! (`--cfg idem_interleavings`) a scheduler decides at each use of them who goes on.

#[cfg(all(test, idem_interleavings))]
pub(crate) mod controlled;

#[cfg(not(all(test, idem_interleavings)))]
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock, atomic};

#[cfg(not(all(test, idem_interleavings)))]
pub(crate) use tokio::{spawn, sync::Notify, task_local, time};

#[cfg(all(test, idem_interleavings))]
pub(crate) use self::controlled::{Mutex, MutexGuard, Notify, OnceLock, atomic, rand, spawn, task_local, time};
#[cfg(not(all(test, idem_interleavings)))]
pub(crate) use ::rand;
