//! The files of the project, in memory, so that every rule is a function that a test can feed.

use std::path::Path;
use std::process::Command;

use super::rust;
use crate::shell::{Result, output};

/// What is looked at.
pub struct Tree {
    pub files: Vec<File>,
    /// Whether git knows Cargo.lock.
    pub lock_is_tracked: bool,
}

/// A text file.
pub struct File {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
    /// The text without comments and the contents of strings, line for line; empty if it is not Rust.
    pub code: String,
    /// The same without what is compiled for tests only.
    pub product: String,
}

/// Above this a file is data, not something a person wrote.
const LARGEST: u64 = 1 << 20;

impl Tree {
    /// # Errors
    /// git does not list the files, or one cannot be read.
    pub fn read(root: &Path) -> Result<Self> {
        let git = |arguments: &[&str]| {
            let mut git = Command::new("git");
            git.args(arguments).current_dir(root);
            output(&mut git)
        };
        // New files too, so that a breach is seen before it is committed.
        let listed = git(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let mut files = Vec::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            let full = root.join(path);
            // What is listed but deleted, a link, or data is passed over.
            let Ok(found) = full.symlink_metadata() else { continue };
            if !found.is_file() || found.len() > LARGEST {
                continue;
            }
            let bytes = std::fs::read(&full).map_err(|error| format!("{path}: {error}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File::new(path, text));
            }
        }
        let lock_is_tracked = git(&["ls-files", "Cargo.lock"])?.trim() == "Cargo.lock";
        Ok(Self { files, lock_is_tracked })
    }

    /// The text of the file of this path.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }
}

impl File {
    pub fn new(path: &str, text: String) -> Self {
        let code = if path.ends_with(".rs") { rust::code(&text) } else { String::new() };
        let product = if is_test(path) { String::new() } else { rust::without_tests(&code) };
        Self { path: path.to_owned(), text, code, product }
    }

    /// In a directory of tests, benches or examples, or a module of tests.
    pub fn is_test(&self) -> bool {
        is_test(&self.path)
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The lines of code that users run, with their numbers.
    pub fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.product)
    }
}

/// Lines with their numbers, from 1.
pub fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

fn is_test(path: &str) -> bool {
    let mut parts = path.split('/');
    let name = parts.next_back().unwrap_or_default();
    name == "tests.rs" || parts.any(|part| matches!(part, "tests" | "benches" | "examples"))
}
