//! From the roots of crates along `mod x;` to every file.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{Package, Source, Tree, shown};
use crate::report::Problem;
use crate::scan::{self, Declared, Scan, Segments};

/// A file that is to be read as a module.
struct Module {
    file: PathBuf,
    root: usize,
    path: Segments,
    /// Whether its own modules stand beside it, and not in a folder of its name.
    owns_folder: bool,
    test: bool,
}

/// A file's text and what it holds, or that it is of no use.
type Read = Option<(String, Scan)>;

pub(super) struct Follow<'a> {
    base: &'a Path,
    pub(super) tree: Tree,
    packages: Vec<Package>,
    read: HashMap<PathBuf, Read>,
    /// Files that have their place, by their real paths.
    placed: HashSet<PathBuf>,
    /// Modules of tests: another module may yet be the same file.
    tests: Vec<Module>,
}

impl<'a> Follow<'a> {
    pub(super) fn new(base: &'a Path) -> Self {
        let (packages, tests) = (Vec::new(), Vec::new());
        Self { base, tree: Tree::default(), packages, read: HashMap::new(), placed: HashSet::new(), tests }
    }

    /// Every file gets a place: first from the crates of the packages, then from what looks like a root, then where it lies.
    pub(super) fn everything(&mut self, walked: &[PathBuf], packages: Vec<Package>, include_tests: bool) {
        let roots: Vec<(String, PathBuf)> = packages.iter().flat_map(|package| package.crates.clone()).collect();
        self.packages = packages;
        for (name, root) in roots {
            if include_tests || !self.is_test(&root) {
                self.krate(name, root);
            }
        }
        let wanted = |this: &Self, path: &Path| {
            path.extension().is_some_and(|end| end == "rs") && (include_tests || !this.is_test(path))
        };
        let rest: Vec<PathBuf> = walked.iter().filter(|path| wanted(self, path)).cloned().collect();
        for root in rest.iter().filter(|path| path.ends_with("lib.rs") || path.ends_with("main.rs")) {
            self.krate("crate".into(), root.clone());
        }
        self.follow_tests();
        self.strays(&rest);
        self.follow_tests();
    }

    /// Follows a crate from its root.
    pub(super) fn krate(&mut self, name: String, file: PathBuf) {
        if self.placed.contains(&real(&file)) {
            return;
        }
        let (root, test) = (self.root(name), self.is_test(&file));
        self.follow(Module { file, root, path: Segments::new(), owns_folder: true, test });
    }

    /// Files that no crate leads to: one that declares modules is taken for a root, any other is the module of its place.
    fn strays(&mut self, walked: &[PathBuf]) {
        let strays: Vec<PathBuf> = walked.iter().filter(|path| !self.placed.contains(&real(path))).cloned().collect();
        let mut declares = Vec::new();
        let mut declared = HashSet::new();
        for file in &strays {
            let found: Vec<PathBuf> = match self.scan(file) {
                Some(scan) => {
                    scan.declared.iter().flat_map(|module| places(file, true, module)).map(|at| at.0).collect()
                }
                None => Vec::new(),
            };
            // A `mod.rs` is never a root.
            if !found.is_empty() && !file.ends_with("mod.rs") {
                declares.push(file.clone());
            }
            declared.extend(found.iter().map(|file| real(file)));
        }
        for file in declares.iter().filter(|file| !declared.contains(&real(file))) {
            self.krate("crate".into(), file.clone());
        }
        let root = self.root("crate".into());
        for file in strays {
            if self.placed.contains(&real(&file)) {
                continue;
            }
            let place = file.strip_prefix(self.base).unwrap_or(&file).with_extension("");
            let mut path: Segments = place.iter().map(|part| part.to_string_lossy().replace('-', "_")).collect();
            path.pop_if(|last| last == "mod");
            let test = self.is_test(&file);
            self.follow(Module { owns_folder: file.ends_with("mod.rs"), file, root, path, test });
        }
    }

    fn follow_tests(&mut self) {
        for module in std::mem::take(&mut self.tests) {
            self.follow(module);
        }
    }

    /// Reads a module and those below it.
    fn follow(&mut self, module: Module) {
        let mut open = vec![module];
        while let Some(module) = open.pop() {
            if !self.placed.insert(real(&module.file)) {
                continue;
            }
            let Module { file, root, path, owns_folder, test } = module;
            self.scan(&file);
            let Some((text, scan)) = self.read.remove(&file).flatten() else { continue };
            for declared in scan.declared.iter().rev() {
                let places = places(&file, owns_folder, declared);
                if places.is_empty() && !declared.conditional && !declared.test && !test {
                    let name = &declared.level.name;
                    self.tree.problems.push(Problem::module_without_file(shown(self.base, &file), declared.line, name));
                }
                let inside = declared.inside.iter().chain([&declared.level]).map(|level| level.name.clone());
                let path: Segments = path.iter().cloned().chain(inside).collect();
                for (file, owns_folder) in places {
                    let below = Module { file, root, path: path.clone(), owns_folder, test: test || declared.test };
                    if below.test && !test { self.tests.push(below) } else { open.push(below) }
                }
            }
            let package = self.package(&file).map(|package| package.name.clone());
            let shown = shown(self.base, &file);
            self.tree.sources.push(Source { path: shown, text, scan, root, module: path, package, test });
        }
    }

    /// Reads a file, once.
    fn scan(&mut self, file: &Path) -> Option<&Scan> {
        if !self.read.contains_key(file) {
            let shown = shown(self.base, file);
            let read = match std::fs::read(file) {
                Err(error) => Err(Problem::unreadable(shown, error.to_string())),
                Ok(bytes) => match String::from_utf8(bytes) {
                    Err(error) => Err(Problem::not_utf8(shown, &error)),
                    Ok(text) => match scan::scan(&text) {
                        Ok(scan) => Ok((text, scan)),
                        Err(unparsed) => Err(Problem::unparsed(shown, unparsed)),
                    },
                },
            };
            let read = read.map_err(|problem| self.tree.problems.push(problem)).ok();
            self.read.insert(file.to_owned(), read);
        }
        self.read.get(file)?.as_ref().map(|(_, scan)| scan)
    }

    fn root(&mut self, name: String) -> usize {
        self.tree.roots.push(name);
        self.tree.roots.len() - 1
    }

    /// The innermost package around a file.
    fn package(&self, file: &Path) -> Option<&Package> {
        let around = self.packages.iter().filter(|package| file.starts_with(&package.folder));
        around.max_by_key(|package| package.folder.components().count())
    }

    fn is_test(&self, file: &Path) -> bool {
        self.packages.iter().any(|package| package.tests_with(file))
    }
}

/// Where the file of a module is, and whether its own modules stand beside it; several, where a condition decides.
fn places(file: &Path, owns_folder: bool, module: &Declared) -> Vec<(PathBuf, bool)> {
    let beside = file.parent().unwrap_or(Path::new(""));
    let own = if owns_folder { beside.to_owned() } else { file.with_extension("") };
    let inside =
        module.inside.iter().fold(own, |folder, level| folder.join(level.paths.first().unwrap_or(&level.name)));
    let stated = if module.inside.is_empty() { beside } else { &inside };
    let name = &module.level.name;
    let mut found: Vec<(PathBuf, bool)> = module.level.paths.iter().map(|path| (stated.join(path), true)).collect();
    if found.is_empty() || module.level.paths.iter().all(|path| !stated.join(path).is_file()) {
        found.push((inside.join(format!("{name}.rs")), false));
        found.push((inside.join(name).join("mod.rs"), true));
    }
    found.retain(|(file, _)| file.is_file());
    found
}

/// The path without links and `..`, so that a file is known under any of its names.
fn real(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_owned())
}
