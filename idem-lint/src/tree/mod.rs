//! Which files there are, and which module of which crate each of them is.

mod follow;
mod manifest;
mod walk;

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::report::Problem;
use crate::scan::{Scan, Segments};

/// A file with its place among modules.
#[derive(Debug)]
pub(crate) struct Source {
    /// From where the check started, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) scan: Scan,
    /// Which of the crates.
    pub(crate) root: usize,
    /// The module that the file is, from the crate's root.
    pub(crate) module: Segments,
    /// The package that it is in.
    pub(crate) package: Option<String>,
    pub(crate) test: bool,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) sources: Vec<Source>,
    /// The names of the crates, as other crates write them.
    pub(crate) roots: Vec<String>,
    pub(crate) problems: Vec<Problem>,
}

/// # Errors
/// There is nothing at `start`.
pub(crate) fn read(start: &Path, include_tests: bool) -> Result<Tree, Error> {
    let found = start.metadata().map_err(|source| Error::Start { path: start.to_owned(), source })?;
    let base = if found.is_dir() { start } else { start.parent().unwrap_or(start) };
    let mut follow = follow::Follow::new(base);
    if found.is_dir() {
        let walked = walk::files(base, &mut follow.tree.problems);
        let packages = manifest::packages(base, &walked, &mut follow.tree.problems);
        follow.everything(&walked, packages, include_tests);
    } else {
        follow.krate("crate".into(), start.to_owned());
    }
    let mut tree = follow.tree;
    if !include_tests {
        tree.sources.retain(|source| !source.test);
    }
    if tree.sources.is_empty() && tree.problems.is_empty() {
        return Err(Error::Nothing { path: start.to_owned() });
    }
    tree.sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(tree)
}

/// How a path is shown: from the start, with `/`.
pub(crate) fn shown(base: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(base).unwrap_or(path);
    let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/").replace("//", "/")
}

/// A package: where it is, and the roots of its crates.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// The name of each crate, and its root.
    pub(crate) crates: Vec<(String, PathBuf)>,
}

impl Package {
    /// Whether the file is compiled for tests only.
    fn tests_with(&self, file: &Path) -> bool {
        file.strip_prefix(&self.folder).is_ok_and(|inside| inside.starts_with("tests") || inside.starts_with("benches"))
    }
}
