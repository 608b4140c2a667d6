//! Every task of the process: the attributes submit them, `inventory` collects them.

use crate::error::Error;
use crate::task::Task;

/// One task, submitted from inside its handler's body.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registration(pub &'static Task);

inventory::collect!(Registration);

/// Every registered task, by name and version: the order of collection differs between builds.
pub(crate) fn tasks() -> Vec<&'static Task> {
    let mut tasks: Vec<_> = inventory::iter::<Registration>.into_iter().map(|Registration(task)| *task).collect();
    tasks.sort_by_key(|task| (task.name(), task.version(), task.position()));
    // A generic function's body may be instantiated in several code units; its description is one.
    tasks.dedup_by(|a, b| std::ptr::eq(*a, *b));
    tasks
}

/// Refuses two handlers under one name and version: their calls would be taken for each other's.
///
/// # Errors
/// [`Error::Conflict`], naming both places.
pub(crate) fn check(tasks: &[&'static Task]) -> Result<(), Error> {
    for pair in tasks.windows(2) {
        let [first, second] = pair else { continue };
        if first.name() == second.name() && first.version() == second.version() {
            return Err(Error::Conflict {
                name: first.name().to_owned(),
                version: first.version(),
                first: first.location(),
                second: second.location(),
            });
        }
    }
    Ok(())
}

/// The registered task of that name, at its highest version.
pub(crate) fn find(name: &str) -> Option<&'static Task> {
    tasks().into_iter().filter(|task| task.name() == name).max_by_key(|task| task.version())
}

/// A registered name close to `name`, for a message.
pub(crate) fn close_to(name: &str) -> Option<String> {
    let most = name.chars().count() / 3 + 1;
    let near = tasks().into_iter().map(|task| (strsim::osa_distance(name, task.name()), task.name()));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name.to_owned())
}
