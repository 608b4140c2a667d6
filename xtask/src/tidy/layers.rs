//! Who may import whom inside the runtime: nobody imports upward.

use super::Finding;
use super::rust::{is_name, line_of, names};
use super::tree::{File, Tree};

/// The modules of the runtime, from the ground up. A module may use its own line and the lines before it.
const LAYERS: &[&[&str]] = &[
    &["sync"],
    &["clock", "key", "policy"],
    &["record"],
    &["claim"],
    &["transition"],
    &["store"],
    &["error"],
    &["task", "settings", "options"],
    &["codec", "outcome", "events"],
    &["lease", "flight", "gate"],
    &["delivery", "current", "step", "ambient", "reconcile"],
    &["registry"],
    &["run"],
    &["runtime"],
    &["audit"],
    &["private"],
    &["testing"],
];

/// Never, whatever becomes of the order above.
const NEVER: &[(&str, &str)] = &[("store", "run"), ("store", "events"), ("key", "store")];

const SOURCE: &str = "idem-runtime/src/";
const ROOT: &str = "idem-runtime/src/lib.rs";

pub fn check(tree: &Tree) -> Vec<Finding> {
    against(tree, LAYERS)
}

pub fn against(tree: &Tree, layers: &[&[&str]]) -> Vec<Finding> {
    let layer = |module: &str| layers.iter().position(|line| line.contains(&module));
    let root = tree.files.iter().find(|file| file.path == ROOT);
    let mut exports = root.map(|file| exports(&file.product)).unwrap_or_default();
    for (file, module) in tree.files.iter().filter_map(|file| Some((file, module_of(file)?))) {
        exports.extend(macros(&file.product).map(|name| (name.to_owned(), module.to_owned())));
    }
    let mut findings = Vec::new();
    for file in &tree.files {
        let Some(module) = module_of(file) else { continue };
        let mut find = |offset, says| {
            let line = line_of(&file.product, offset);
            findings.push(Finding { path: file.path.clone(), line, rule: "layers", says });
        };
        let Some(own) = layer(module) else {
            find(0, format!("module `{module}` has no layer: place it in LAYERS of xtask/src/tidy/layers.rs"));
            continue;
        };
        for (offset, name) in uses(&file.product, depth(&file.path)) {
            // A module, or a name at the root, which is as high as the module that it comes from.
            let export = exports.iter().find(|(export, _)| export == name && layer(name).is_none());
            let used = export.map_or(name, |(_, module)| module.as_str());
            if used == module {
                continue;
            }
            let Some(other) = layer(used) else {
                let says = format!("`crate::{name}` is in no layer: name its module, or place it in LAYERS");
                find(offset, says);
                continue;
            };
            if NEVER.contains(&(module, used)) {
                find(offset, format!("`{module}` must never use `{used}`"));
            } else if other > own {
                find(offset, format!("`{module}` uses `{used}`, which is above it"));
            }
        }
    }
    findings
}

/// The top module that a file of the runtime belongs to; `None` for lib.rs, tests and everything else.
fn module_of(file: &File) -> Option<&str> {
    let inside = file.path.strip_prefix(SOURCE)?;
    if inside == "lib.rs" || file.is_test() || !file.is_rust() {
        return None;
    }
    Some(inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs"))
}

/// How many `super`s lead from the file's module to the root.
fn depth(path: &str) -> usize {
    let inside = path.strip_prefix(SOURCE).unwrap_or(path);
    inside.split('/').count() - usize::from(inside.ends_with("/mod.rs"))
}

/// Every first name after `crate::`, or after as many `super::`s as lead to the root; also inside `{…}`.
fn uses(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut after_path = 0;
    for (offset, name) in names(code) {
        if offset < after_path {
            continue;
        }
        let to_root = match name {
            "crate" => code[offset + name.len()..].strip_prefix("::"),
            "super" => {
                let rest = &code[offset..];
                let supers = rest.split("::").take_while(|part| *part == "super").count();
                after_path = offset + supers * "super::".len();
                (supers == depth).then(|| &code[after_path..])
            }
            _ => None,
        };
        if let Some(rest) = to_root {
            let start = code.len() - rest.len();
            found.extend(first_names(rest).map(|(at, name)| (start + at, name)));
        }
    }
    found
}

/// `a` of `a::b`, and `a`, `c` of `{a::b, c::{d, e}}`.
fn first_names(path: &str) -> impl Iterator<Item = (usize, &str)> {
    let group = path.starts_with('{');
    let mut depth = 0_usize;
    let mut fresh = true;
    let mut ended = false;
    path.char_indices().filter_map(move |(at, letter)| {
        if ended {
            return None;
        }
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 1 => fresh = true,
            _ if is_name(letter) && fresh && depth == usize::from(group) => {
                fresh = false;
                ended = !group;
                let len = path[at..].find(|letter| !is_name(letter)).unwrap_or(path.len() - at);
                return Some((at, &path[at..at + len]));
            }
            _ => {}
        }
        ended = ended || (group && depth == 0) || (!group && letter != '{');
        None
    })
}

/// What lib.rs re-exports: the name and the module it is from.
fn exports(code: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for statement in code.split(';').filter_map(|item| item.split("pub use ").nth(1)) {
        let path = statement.trim().trim_start_matches("crate::").trim_start_matches("self::");
        let Some((module, rest)) = path.split_once("::") else { continue };
        for item in rest.trim_matches(['{', '}', ' ', '\n']).split(',') {
            let name = item.rsplit([':', ' ']).find(|name| !name.trim().is_empty()).unwrap_or_default();
            found.push((name.trim_matches(['{', '}', '\n', ' ']).to_owned(), module.trim().to_owned()));
        }
    }
    found
}

/// The macros that a file defines; exported ones stand at the root.
fn macros(code: &str) -> impl Iterator<Item = &str> {
    let mut names = names(code).map(|(_, name)| name);
    std::iter::from_fn(move || {
        names.find(|name| *name == "macro_rules")?;
        names.next()
    })
}
