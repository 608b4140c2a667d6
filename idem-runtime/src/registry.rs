//! Every task of the process: the attributes submit them, `inventory` collects them.

use std::sync::OnceLock;

use crate::error::Error;
use crate::task::Task;

/// One task, submitted from inside its handler's body.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registration(pub &'static Task);

inventory::collect!(Registration);

/// Every registered task, by name and version: the order of collection differs between builds. Collected once: each
/// look-up by a key comes here.
pub(crate) fn tasks() -> &'static [&'static Task] {
    static TASKS: OnceLock<Vec<&'static Task>> = OnceLock::new();
    TASKS.get_or_init(|| {
        let mut tasks: Vec<_> = inventory::iter::<Registration>.into_iter().map(|Registration(task)| *task).collect();
        tasks.sort_by_key(|task| (task.name(), task.version(), task.position()));
        // A generic function's body may be instantiated in several code units; its description is one.
        tasks.dedup_by(|a, b| std::ptr::eq(*a, *b));
        tasks
    })
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

/// The registered task of that name, of the version given, else of its highest.
pub(crate) fn find(name: &str, version: Option<u32>) -> Option<&'static Task> {
    let tasks = tasks();
    let highest = version.unwrap_or(u32::MAX);
    let after = tasks.partition_point(|task| (task.name(), task.version()) <= (name, highest));
    let task = tasks.get(after.checked_sub(1)?)?;
    (task.name() == name && version.is_none_or(|version| version == task.version())).then_some(*task)
}

/// A registered name close to `name`, for a message.
pub(crate) fn close_to(name: &str) -> Option<String> {
    let most = name.chars().count() / 3 + 1;
    let near = tasks().iter().map(|task| (strsim::osa_distance(name, task.name()), task.name()));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name.to_owned())
}
