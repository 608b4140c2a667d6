//! The rules of the house that a compiler does not check. Each rule is a function from the tree to findings.

mod layers;
mod lib_files;
mod lock;
mod places;
mod rust;
mod sizes;
#[cfg(test)]
mod tests;
mod tree;
mod words;

use std::fmt;

use crate::shell::{Result, root};
use tree::Tree;

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    path: String,
    /// From 1; 0 where the whole file is meant.
    line: usize,
    rule: &'static str,
    says: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.path, self.line, self.rule, self.says)
    }
}

const RULES: &[fn(&Tree) -> Vec<Finding>] =
    &[layers::check, places::check, sizes::check, words::check, lib_files::check, lock::check];

/// The rules on the tree that is there.
///
/// # Errors
/// The breaches, one a line; or the tree cannot be read.
pub fn run() -> Result {
    let tree = Tree::read(&root())?;
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    if findings.is_empty() {
        println!("{} files are tidy", tree.files.len());
        return Ok(());
    }
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    Err(format!("{} findings\n{}", lines.len(), lines.join("\n")))
}
