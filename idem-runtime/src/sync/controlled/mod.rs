//! The same under the scheduler of `shuttle`. `Notify` and `OnceLock` are the real ones, with a place before each use where
//! another task may go on; time is virtual.

mod local;
mod notify;
mod once_lock;
pub(crate) mod rand;
pub(crate) mod time;

pub(crate) use shuttle::future::spawn;
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};

pub(crate) use self::local::{LocalKey, task_local};
pub(crate) use self::notify::Notify;
pub(crate) use self::once_lock::OnceLock;

/// Another task may go on here.
fn switch() {
    static ANY: atomic::AtomicBool = atomic::AtomicBool::new(false);
    ANY.load(atomic::Ordering::SeqCst);
}
