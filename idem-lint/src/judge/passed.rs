//! Which functions the names mean that are passed to worker builders.

use std::collections::HashMap;

use super::Found;
use super::names::{Name, Names};
use super::rules::Rules;
use crate::report::{Reason, Rule};
use crate::scan::{Passed, Segments};
use crate::tree::{Source, Tree};

/// For each function by its index: the calls that it is passed to.
pub(super) fn to_calls(
    tree: &Tree,
    names: &Names<'_>,
    functions: &[Found<'_>],
    rules: &Rules,
    include_tests: bool,
) -> HashMap<usize, Vec<Reason>> {
    let mut found: HashMap<usize, Vec<Reason>> = HashMap::new();
    for source in &tree.sources {
        for passed in source.scan.passed.iter().filter(|passed| include_tests || !passed.test) {
            let module = [source.module.as_slice(), passed.module.as_slice()].concat();
            if !rules.takes_handler(passed, source.root, &module, names) {
                continue;
            }
            for index in meant(source, passed, &module, tree, names, functions) {
                let why = format!("it is passed to `{}` at {}:{}", passed.callee.name(), source.path, passed.line);
                found.entry(index).or_default().push(Reason { rule: Rule::Passed, why });
            }
        }
    }
    found
}

/// The functions that the name can mean.
fn meant(
    source: &Source,
    passed: &Passed,
    module: &Segments,
    tree: &Tree,
    names: &Names<'_>,
    functions: &[Found<'_>],
) -> Vec<usize> {
    let root = source.root;
    // A function inside the one that passes it hides those outside.
    for around in (1..=passed.owner.len()).rev() {
        let path = [module.as_slice(), &passed.owner[..around], &passed.path].concat();
        let inner = names.at(root, path);
        if !inner.is_empty() {
            return inner.to_vec();
        }
    }
    let name = names.of(root, module, &passed.path);
    if let Name::Here(root, path) = &name {
        let exact = names.at(*root, path.clone());
        if !exact.is_empty() {
            return exact.to_vec();
        }
    }
    let opened = names.opened(root, module);
    for open in &opened {
        if let Name::Here(root, path) = open {
            let inside = names.at(*root, [path.as_slice(), &passed.path].concat());
            if !inside.is_empty() {
                return inside.to_vec();
            }
        }
    }
    match &name {
        Name::Here(root, path) => by_end(std::slice::from_ref(&tree.roots[*root]), path, tree, functions),
        // The name of another crate of the tree, or one that `use …::*` may have brought.
        Name::Elsewhere(path) if tree.roots.contains(&path[0]) => by_end(&[], path, tree, functions),
        Name::Elsewhere(path) if path.len() > 1 && is_type(&path[path.len() - 2]) => by_end(&[], path, tree, functions),
        Name::Elsewhere(path) if !opened.is_empty() => by_end(&[], path, tree, functions),
        Name::Elsewhere(_) => Vec::new(),
    }
}

/// The functions whose paths have the longest end in common with the name: a re-export shortens a path, it keeps its end.
fn by_end(start: &[String], path: &[String], tree: &Tree, functions: &[Found<'_>]) -> Vec<usize> {
    let meant = [start, path].concat();
    let of_type = path.len() > 1 && is_type(&path[path.len() - 2]);
    let mut best = (1 + usize::from(of_type), Vec::new());
    for (index, found) in functions.iter().enumerate() {
        if found.function.associated != of_type {
            continue;
        }
        let full = [std::slice::from_ref(&tree.roots[found.source.root]), &found.path()].concat();
        let common = full.iter().rev().zip(meant.iter().rev()).take_while(|(a, b)| a == b).count();
        match common.cmp(&best.0) {
            std::cmp::Ordering::Greater => best = (common, vec![index]),
            std::cmp::Ordering::Equal => best.1.push(index),
            std::cmp::Ordering::Less => {}
        }
    }
    best.1
}

/// As names are written: types begin with a capital.
fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}
