//! What is known of queue libraries. Each row says where it was read.

use super::{Call, TraitMethod};

/// What of a library makes a handler of a function.
enum Mark {
    /// It carries this attribute.
    Attribute(&'static str),
    /// It is this method of this trait.
    Trait(&'static str, &'static str),
    /// It is passed to this call, as this argument.
    Call(&'static str, usize),
}

/// The mark, and the page that documents it.
const LIBRARIES: &[(Mark, &str)] = &[
    // `build_fn` is up to 0.7, and `build` takes functions since 1.0.
    (Mark::Call("build_fn", 0), "https://docs.rs/apalis-core/0.4.7/apalis_core/builder/trait.WorkerFactoryFn.html"),
    (Mark::Call("build", 0), "https://docs.rs/apalis-core/1.0.0/src/apalis_core/worker/builder.rs.html"),
    (Mark::Call("task_fn", 0), "https://docs.rs/apalis-core/1.0.0/src/apalis_core/worker/builder.rs.html"),
    (Mark::Trait("backie::BackgroundTask", "run"), "https://docs.rs/crate/backie/latest/source/src/runnable.rs"),
    (Mark::Attribute("celery::task"), "https://docs.rs/celery-codegen/0.5.0/celery_codegen/attr.task.html"),
    (
        Mark::Attribute("coil::background_job"),
        "https://docs.rs/coil_proc_macro/0.2.0/coil_proc_macro/attr.background_job.html",
    ),
    (
        Mark::Trait("fang::AsyncRunnable", "run"),
        "https://docs.rs/fang/latest/fang/asynk/async_runnable/trait.AsyncRunnable.html",
    ),
    (
        Mark::Trait("graphile_worker::TaskHandler", "run"),
        "https://docs.rs/graphile_worker_task_handler/0.5.12/graphile_worker_task_handler/trait.TaskHandler.html",
    ),
    (Mark::Call("lambda_runtime::service_fn", 0), "https://docs.rs/lambda_runtime/1.1.3/lambda_runtime/fn.run.html"),
    (Mark::Trait("loco_rs::BackgroundWorker", "perform"), "https://loco.rs/docs/processing/workers"),
    (Mark::Trait("sidekiq::Worker", "perform"), "https://docs.rs/rusty-sidekiq/latest/sidekiq/trait.Worker.html"),
    (Mark::Attribute("sqlxmq::job"), "https://docs.rs/sqlxmq/0.6.0/sqlxmq/all.html"),
];

/// Modules that commonly hold handlers.
pub(super) const MODULES: &[&str] =
    &["crate::**::consumers", "crate::**::jobs", "crate::**::tasks", "crate::**::webhooks", "crate::**::workers"];

/// Names that handlers commonly have. `*_job` and `*_task` are commoner among functions that enqueue: `send_task`.
pub(super) const NAMES: &[&str] = &["handle", "handle_*", "*_handler"];

pub(super) fn attributes() -> Vec<String> {
    let marks = LIBRARIES.iter().filter_map(|(mark, _)| match mark {
        Mark::Attribute(path) => Some((*path).to_owned()),
        _ => None,
    });
    marks.collect()
}

pub(super) fn traits() -> Vec<TraitMethod> {
    let marks = LIBRARIES.iter().filter_map(|(mark, _)| match mark {
        Mark::Trait(path, method) => Some(TraitMethod { path: (*path).to_owned(), method: (*method).to_owned() }),
        _ => None,
    });
    marks.collect()
}

pub(super) fn calls() -> Vec<Call> {
    let marks = LIBRARIES.iter().filter_map(|(mark, _)| match mark {
        Mark::Call(callee, argument) => Some(Call { callee: (*callee).to_owned(), argument: Some(*argument) }),
        _ => None,
    });
    marks.collect()
}

#[cfg(test)]
mod tests {
    use super::{LIBRARIES, Mark};

    /// What the spec tells users and what is in force are the same rows.
    #[test]
    fn the_spec_lists_every_library() {
        let spec = include_str!("../../../docs/spec/lint.md");
        for (mark, source) in LIBRARIES {
            let row = match mark {
                Mark::Attribute(path) => format!("| `#[{path}]` | {source} |"),
                Mark::Trait(path, method) => format!("| `{method}` of `{path}` | {source} |"),
                Mark::Call(callee, argument) => format!("| argument {argument} of `{callee}` | {source} |"),
            };
            assert!(spec.contains(&row), "docs/spec/lint.md lacks the row\n{row}");
        }
        let rows = spec.lines().filter(|line| line.contains("| https://")).count();
        assert_eq!(rows, LIBRARIES.len(), "docs/spec/lint.md has a row that is not in force");
    }

    #[test]
    fn the_spec_lists_every_default_pattern() {
        let spec = include_str!("../../../docs/spec/lint.md");
        for pattern in super::MODULES.iter().chain(super::NAMES) {
            assert!(spec.contains(&format!("`{pattern}`")), "docs/spec/lint.md lacks `{pattern}`");
        }
    }
}
