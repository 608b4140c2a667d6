//! A registered task by its name: how methods are reached, which have no companion.

use super::Runtime;
use crate::error::Error;
use crate::key::Key;
use crate::record::Record;
use crate::registry;
use crate::task::Task;

/// The registered task of that name, at its highest version, through the runtime in force.
///
/// # Errors
/// [`Error::UnknownTask`], with a name that is close to it; [`Error::NoRuntime`].
pub fn task(name: &str) -> Result<TaskHandle, Error> {
    let unknown = || Error::UnknownTask { name: name.to_owned(), suggestion: registry::close_to(name) };
    let task = registry::find(name, None).ok_or_else(unknown)?;
    Ok(TaskHandle { task, runtime: Runtime::current(name)? })
}

/// A registered task, and the runtime it goes through.
#[derive(Debug, Clone)]
pub struct TaskHandle {
    task: &'static Task,
    runtime: Runtime,
}

impl TaskHandle {
    /// The task's description.
    pub fn task(&self) -> &'static Task {
        self.task
    }

    /// The record of a key of this task; see [`Runtime::status`].
    ///
    /// # Errors
    /// [`Error::Config`] for a key of another task; else as [`Runtime::status`].
    ///
    /// # Cancel safety
    /// As [`Runtime::status`].
    pub async fn status(&self, key: &Key) -> Result<Option<Record>, Error> {
        self.runtime.status(self.own(key)?).await
    }

    /// Forgets a key of this task; see [`Runtime::clear`].
    ///
    /// # Errors
    /// [`Error::Config`] for a key of another task; else as [`Runtime::clear`].
    ///
    /// # Cancel safety
    /// As [`Runtime::clear`].
    pub async fn clear(&self, key: &Key) -> Result<bool, Error> {
        self.runtime.clear(self.own(key)?).await
    }

    /// Forgets a key of this task, also while it runs; see [`Runtime::clear_forced`].
    ///
    /// # Errors
    /// [`Error::Config`] for a key of another task; else as [`Runtime::clear_forced`].
    ///
    /// # Cancel safety
    /// As [`Runtime::clear`].
    pub async fn clear_forced(&self, key: &Key) -> Result<bool, Error> {
        self.runtime.clear_forced(self.own(key)?).await
    }

    /// Cancels a key of this task; see [`Runtime::cancel`].
    ///
    /// # Errors
    /// [`Error::Config`] for a key of another task; else as [`Runtime::cancel`].
    ///
    /// # Cancel safety
    /// As [`Runtime::clear`].
    pub async fn cancel(&self, key: &Key) -> Result<bool, Error> {
        self.runtime.cancel(self.own(key)?).await
    }

    fn own<'k>(&self, key: &'k Key) -> Result<&'k Key, Error> {
        if key.task() == self.task.name() {
            return Ok(key);
        }
        Err(Error::Config(format!("the key is one of task `{}`, not of `{}`: {key}", key.task(), self.task.name())))
    }
}
