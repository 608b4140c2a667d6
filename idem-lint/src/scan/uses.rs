use syn::UseTree;
use syn::ext::IdentExt;

use super::{Import, Segments};

/// What a `use` in this module brings.
pub(super) fn imports(module: &Segments, tree: &UseTree) -> Vec<Import> {
    let mut found = Vec::new();
    let mut open = vec![(Segments::new(), tree)];
    while let Some((mut path, tree)) = open.pop() {
        let mut bring = |name: Option<String>, path| found.push(Import { module: module.clone(), name, path });
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.unraw().to_string());
                open.push((path, &part.tree));
            }
            UseTree::Group(group) => open.extend(group.items.iter().map(|tree| (path.clone(), tree))),
            UseTree::Glob(_) => bring(None, path),
            UseTree::Name(name) => {
                let name = name.ident.unraw().to_string();
                // `use a::b::{self}` brings `b`.
                if name == "self" {
                    bring(path.last().cloned(), path);
                } else {
                    path.push(name.clone());
                    bring(Some(name), path);
                }
            }
            UseTree::Rename(renamed) => {
                let name = renamed.ident.unraw().to_string();
                if name != "self" {
                    path.push(name);
                }
                bring(Some(renamed.rename.unraw().to_string()), path);
            }
        }
    }
    found
}
