//! A file is read from top to bottom in one go, or it is two files.

use super::Finding;
use super::tree::Tree;

/// Lines; the longest files that are still pleasant to read in crates we like are about as long.
const MOST: usize = 350;

/// Files that may be longer, and why.
const LONG: &[(&str, &str)] = &[];

pub fn check(tree: &Tree) -> Vec<Finding> {
    against(tree, LONG)
}

pub fn against(tree: &Tree, long: &[(&str, &str)]) -> Vec<Finding> {
    let find = |path: &str, says| Finding { path: path.to_owned(), line: 0, rule: "sizes", says };
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        let lines = file.text.lines().count();
        let allowed = long.iter().any(|(path, _)| *path == file.path);
        if lines > MOST && !allowed {
            findings.push(find(&file.path, format!("{lines} lines, more than {MOST}: split it")));
        }
        if lines <= MOST && allowed {
            findings.push(find(&file.path, format!("{lines} lines: it needs no exception any more")));
        }
    }
    for (path, _) in long.iter().filter(|(path, _)| tree.text(path).is_none()) {
        findings.push(find(path, "an exception for a file that does not exist".into()));
    }
    findings
}
