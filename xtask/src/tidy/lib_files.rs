//! `lib.rs` is a table of contents: modules, re-exports, documentation.

use super::Finding;
use super::rust::{line_of, names};
use super::tree::Tree;

const LOGIC: &[&str] = &["fn", "impl", "struct", "enum", "union", "trait", "static", "const", "macro_rules"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path == "src/lib.rs" || file.path.ends_with("/src/lib.rs")) {
        let code = &file.product;
        // A compiler calls the entry points of a macro crate by their place: they may stand here, one call each.
        let entries = entry_points(code);
        for (offset, name) in names(code).filter(|(_, name)| LOGIC.contains(name)) {
            if name == "fn" && entries.iter().any(|entry| entry.contains(&offset)) {
                continue;
            }
            let says = format!("`{name}` in a lib.rs: move it to a module");
            findings.push(Finding { path: file.path.clone(), line: line_of(code, offset), rule: "lib_files", says });
        }
    }
    findings
}

/// From `#[proc_macro…]` to the end of a function whose body is one expression.
fn entry_points(code: &str) -> Vec<std::ops::Range<usize>> {
    let starts = code.match_indices("#[proc_macro").map(|(at, _)| at);
    let whole = starts.filter_map(|start| {
        let open = start + code[start..].find('{')?;
        let close = open + code[open..].find('}')?;
        let body = &code[open + 1..close];
        let thin = !body.contains(['{', ';']) && body.trim().lines().count() <= 3;
        thin.then_some(start..close)
    });
    whole.collect()
}
