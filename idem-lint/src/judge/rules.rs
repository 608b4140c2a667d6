//! The rules by which a function looks like a handler.

use super::Found;
use super::names::{Name, Names};
use crate::config::Config;
use crate::error::Error;
use crate::patterns::{self, Pattern};
use crate::report::{Reason, Rule};
use crate::scan::{Callee, Passed, Segments};

pub(super) struct Rules {
    modules: Vec<Pattern>,
    names: Vec<Pattern>,
    attributes: Vec<Segments>,
    traits: Vec<(Segments, String)>,
    calls: Vec<(Segments, Option<usize>)>,
}

impl Rules {
    pub(super) fn new(config: &Config) -> Result<Self, Error> {
        let traits = config.traits.iter().map(|of| Ok((patterns::path("traits", &of.path)?, of.method.clone())));
        let calls = config.calls.iter().map(|call| Ok((patterns::path("calls", &call.callee)?, call.argument)));
        Ok(Self {
            modules: Pattern::all("modules", &config.modules)?,
            names: Pattern::all("names", &config.names)?,
            attributes: config
                .attributes
                .iter()
                .map(|path| patterns::path("attributes", path))
                .collect::<Result<_, _>>()?,
            traits: traits.collect::<Result<_, Error>>()?,
            calls: calls.collect::<Result<_, Error>>()?,
        })
    }

    /// Why the function looks like a handler, the surest reason first; nothing, if it does not.
    pub(super) fn reasons(&self, found: Found<'_>, names: &Names<'_>, passed: &[Reason]) -> Vec<Reason> {
        let attribute = self.attribute(found, names).map(|why| Reason { rule: Rule::Attribute, why });
        let implements = self.implements(found, names).map(|why| Reason { rule: Rule::Trait, why });
        let module = self.module(found).map(|why| Reason { rule: Rule::Module, why });
        let name = self.name(found).map(|why| Reason { rule: Rule::Name, why });
        attribute.into_iter().chain(passed.iter().cloned()).chain(implements).chain(module).chain(name).collect()
    }

    /// Whether the call is one that takes a handler there.
    pub(super) fn takes_handler(&self, passed: &Passed, root: usize, module: &Segments, names: &Names<'_>) -> bool {
        let takes = |(callee, at): &(Segments, Option<usize>)| {
            at.is_none_or(|at| at == passed.argument)
                && match &passed.callee {
                    Callee::Method(name) => matches!(callee.as_slice(), [only] if only == name),
                    Callee::Function(path) => is_named(callee, path, root, module, names),
                }
        };
        self.calls.iter().any(takes)
    }

    fn attribute(&self, found: Found<'_>, names: &Names<'_>) -> Option<String> {
        let (root, module) = (found.source.root, found.module());
        let carried = |wanted: &&Segments| {
            found.function.attributes.iter().any(|written| is_named(wanted, written, root, &module, names))
        };
        let attribute = self.attributes.iter().find(carried)?;
        Some(format!("it carries `#[{}]`", attribute.join("::")))
    }

    fn implements(&self, found: Found<'_>, names: &Names<'_>) -> Option<String> {
        let written = found.function.implements.as_ref()?;
        let (root, module) = (found.source.root, found.module());
        let is_it = |(path, method): &&(Segments, String)| {
            *method == found.function.name && is_named(path, written, root, &module, names)
        };
        let (path, method) = self.traits.iter().find(is_it)?;
        Some(format!("it is `{method}` of the trait `{}`", path.join("::")))
    }

    fn module(&self, found: Found<'_>) -> Option<String> {
        if !found.function.visible {
            return None;
        }
        let path: Segments = std::iter::once("crate".to_owned()).chain(found.module()).collect();
        let pattern = self.modules.iter().find(|pattern| pattern.covers(&path))?;
        Some(format!("it can be seen outside of its module, which is in `{}`", pattern.text))
    }

    fn name(&self, found: Found<'_>) -> Option<String> {
        let pattern = self.names.iter().find(|pattern| pattern.fits(&found.function.name))?;
        Some(format!("its name is like `{}`", pattern.text))
    }
}

/// Whether what was written in a module is what was configured, by a `use` of its own or by `use library::*`.
fn is_named(wanted: &Segments, written: &Segments, root: usize, module: &Segments, names: &Names<'_>) -> bool {
    let name = names.of(root, module, written);
    if patterns::same(wanted, name.segments()) {
        return true;
    }
    matches!(&name, Name::Elsewhere(path) if path == written)
        && names.opened(root, module).iter().any(|open| match open {
            Name::Elsewhere(library) => patterns::same(wanted, &[library.as_slice(), written.as_slice()].concat()),
            Name::Here(..) => false,
        })
}
