//! Everybody builds the same versions.

use super::Finding;
use super::tree::Tree;

pub fn check(tree: &Tree) -> Vec<Finding> {
    if tree.lock_is_tracked {
        return Vec::new();
    }
    vec![Finding { path: "Cargo.lock".into(), line: 0, rule: "lock", says: "git does not track it".into() }]
}
