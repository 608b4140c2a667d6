use std::path::PathBuf;

/// Why nothing was checked. What is wrong with one file is a [`Problem`](crate::Problem) of the report instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A pattern of the configuration cannot be read.
    #[error("`{pattern}` in `{part}` of the configuration is not a pattern: {why}")]
    Pattern {
        /// The part of the configuration.
        part: &'static str,
        /// As it was written.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// A path of the configuration is empty or has an empty segment.
    #[error(
        "`{path}` in `{part}` of the configuration is not a path: write names joined by `::`, such as `celery::task`"
    )]
    Path {
        /// The part of the configuration.
        part: &'static str,
        /// As it was written.
        path: String,
    },
    /// A suppression without a reason.
    #[error("the suppression of `{function}` has no reason: say in `reason` why it may stay as it is")]
    NoReason {
        /// What it suppresses, with its module.
        function: String,
    },
    /// There is nothing at the path.
    #[error("{}: {source}", path.display())]
    Start {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no source to check.
    #[error("{}: there is no `.rs` file here that is neither ignored nor a test", path.display())]
    Nothing {
        /// The path.
        path: PathBuf,
    },
    /// The thread that parses could not be started.
    #[error("cannot start the thread that parses: {0}")]
    Thread(std::io::Error),
    /// The check itself broke; that is a bug of this library.
    #[error("the check broke on some input: please report it")]
    Broken,
}
