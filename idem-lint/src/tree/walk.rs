use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::shown;
use crate::report::Problem;

/// The sources and manifests below a folder, in the order of their paths: neither hidden, nor in a folder `target`, nor
/// named by a `.gitignore`.
pub(super) fn files(base: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let walk = WalkBuilder::new(base)
        .require_git(false)
        // What one person's machine ignores must not decide what is found.
        .git_global(false)
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != "target")
        .build();
    for entry in walk {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) && wanted(entry.path()) => {
                found.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) => problems.push(Problem::unreadable(shown(base, base), error.to_string())),
        }
    }
    found.sort();
    found
}

fn wanted(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "rs") || path.file_name().is_some_and(|name| name == "Cargo.toml")
}
