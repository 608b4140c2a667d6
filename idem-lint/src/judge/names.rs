//! What a name means, as far as `use` and the tree's own modules tell.

use std::collections::{HashMap, HashSet};

use super::Found;
use crate::scan::{Import, Segments};
use crate::tree::Tree;

/// How many `use`s are followed from one to the next; a circle of them ends here.
const MOST: usize = 16;

/// A path from the root of a crate of the tree.
type Place = (usize, Segments);

/// What a name turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// Something in a crate of the tree.
    Here(usize, Segments),
    /// Something in a library; or a name that nothing in sight explains.
    Elsewhere(Segments),
}

impl Name {
    pub(super) fn segments(&self) -> &Segments {
        match self {
            Self::Here(_, path) | Self::Elsewhere(path) => path,
        }
    }
}

pub(super) struct Names<'a> {
    imports: HashMap<Place, Vec<&'a Import>>,
    modules: HashSet<Place>,
    functions: HashMap<Place, Vec<usize>>,
}

impl<'a> Names<'a> {
    pub(super) fn new(tree: &'a Tree, functions: &[Found<'_>]) -> Self {
        let mut names = Self { imports: HashMap::new(), modules: HashSet::new(), functions: HashMap::new() };
        for source in &tree.sources {
            let place = |inside: &Segments| (source.root, [source.module.as_slice(), inside.as_slice()].concat());
            names.modules.insert((source.root, source.module.clone()));
            names.modules.extend(source.scan.inline.iter().map(place));
            for import in &source.scan.imports {
                names.imports.entry(place(&import.module)).or_default().push(import);
            }
        }
        for (index, found) in functions.iter().enumerate() {
            names.functions.entry((found.source.root, found.path())).or_default().push(index);
        }
        names
    }

    /// What a path means in a module of a crate.
    pub(super) fn of(&self, root: usize, module: &Segments, path: &[String]) -> Name {
        self.resolve(root, module, path, MOST)
    }

    /// The functions that stand at a path; several, where a condition decides which is compiled.
    pub(super) fn at(&self, root: usize, path: Segments) -> &[usize] {
        self.functions.get(&(root, path)).map_or(&[], Vec::as_slice)
    }

    /// What `use path::*` in the module opens.
    pub(super) fn opened(&self, root: usize, module: &Segments) -> Vec<Name> {
        let imports = self.imports.get(&(root, module.clone())).into_iter().flatten();
        let globs = imports.filter(|import| import.name.is_none());
        globs.map(|import| self.of(root, module, &import.path)).collect()
    }

    fn resolve(&self, root: usize, module: &Segments, path: &[String], fuel: usize) -> Name {
        let unknown = || Name::Elsewhere(path.to_vec());
        let Some((first, rest)) = path.split_first() else { return unknown() };
        let (from, rest, relative) = match first.as_str() {
            "crate" => (Segments::new(), rest, false),
            "self" => (module.clone(), rest, false),
            "super" => {
                let ups = path.iter().take_while(|segment| *segment == "super").count();
                let Some(kept) = module.len().checked_sub(ups) else { return unknown() };
                (module[..kept].to_vec(), &path[ups..], false)
            }
            _ => (module.clone(), path, true),
        };
        let whole = [from.as_slice(), rest].concat();
        for end in from.len()..whole.len() {
            let (here, name) = (whole[..end].to_vec(), &whole[end]);
            let imported = self.imports.get(&(root, here.clone())).into_iter().flatten();
            let import = imported.copied().find(|import| import.name.as_ref() == Some(name));
            // `use idem;` says nothing new.
            if let Some(import) = import.filter(|import| fuel > 0 && import.path != [name.clone()]) {
                let meant = [import.path.as_slice(), &whole[end + 1..]].concat();
                return self.resolve(root, &here, &meant, fuel - 1);
            }
            let below = (root, whole[..=end].to_vec());
            if !self.modules.contains(&below) {
                let is_here = !relative || end > from.len() || self.functions.contains_key(&(root, whole.clone()));
                return if is_here { Name::Here(root, whole) } else { unknown() };
            }
        }
        Name::Here(root, whole)
    }
}
