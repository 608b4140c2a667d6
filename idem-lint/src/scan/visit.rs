//! The walk over a file's tree.

use std::collections::HashSet;

use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Ident, Signature, Visibility};

use super::attributes::{conditional, of_tests, paths, places, segments};
use super::passed::{self, type_name};
use super::{Callee, Declared, Function, Level, Passed, Region, Scan, Segments, returns, uses};

pub(super) fn visit(file: &syn::File) -> Scan {
    let mut visitor = Visitor { test: of_tests(&file.attrs), ..Visitor::default() };
    visitor.visit_file(file);
    visitor.scan
}

#[derive(Default)]
struct Visitor {
    scan: Scan,
    inside: Vec<Level>,
    owner: Segments,
    /// The type or trait whose items are looked at.
    of_type: Option<String>,
    implements: Option<Segments>,
    test: bool,
    /// Names that the function around binds: not those of functions.
    bound: HashSet<String>,
}

/// What is said where a function stands.
struct Written<'a> {
    attributes: &'a [Attribute],
    signature: &'a Signature,
    visible: bool,
    associated: bool,
}

impl Visitor {
    fn module(&self) -> Segments {
        self.inside.iter().map(|level| level.name.clone()).collect()
    }

    /// Goes on below an item that may belong to tests.
    fn below(&mut self, attributes: &[Attribute], walk: impl FnOnce(&mut Self)) {
        let before = self.test;
        self.test |= of_tests(attributes);
        walk(self);
        self.test = before;
    }

    /// Notes a function and goes on inside it.
    fn function(&mut self, written: &Written<'_>, walk: impl FnOnce(&mut Self)) {
        let Written { attributes, signature, visible, associated } = written;
        let (visible, associated) = (*visible, *associated);
        self.below(attributes, |this| {
            let name = signature.ident.unraw().to_string();
            let returns_future = signature.asyncness.is_none() && returns::a_future(&signature.output);
            if signature.asyncness.is_some() || returns_future {
                this.scan.functions.push(Function {
                    module: this.module(),
                    owner: this.owner.clone(),
                    name: name.clone(),
                    region: region(&signature.ident),
                    returns_future,
                    associated,
                    visible,
                    attributes: paths(attributes),
                    implements: this.implements.clone().filter(|_| associated),
                    test: this.test,
                });
            }
            let (bound, implements) = (std::mem::take(&mut this.bound), this.implements.take());
            this.owner.push(name);
            walk(this);
            this.owner.pop();
            (this.bound, this.implements) = (bound, implements);
        });
    }

    /// Goes on inside an `impl` or a trait.
    fn items_of(&mut self, name: Option<String>, implements: Option<Segments>, walk: impl FnOnce(&mut Self)) {
        let name = name.unwrap_or_else(|| "impl".into());
        let of_type = self.of_type.replace(name.clone());
        let implements = std::mem::replace(&mut self.implements, implements);
        self.owner.push(name);
        walk(self);
        self.owner.pop();
        (self.of_type, self.implements) = (of_type, implements);
    }

    fn passes(&mut self, callee: &Callee, line: usize, argument: usize, expression: &Expr) {
        for mut path in passed::names(expression) {
            if path.len() == 1 && self.bound.contains(&path[0]) {
                continue;
            }
            if let (Some(first), Some(of_type)) = (path.first_mut(), &self.of_type)
                && first == "Self"
            {
                first.clone_from(of_type);
            }
            let (module, owner, callee) = (self.module(), self.owner.clone(), callee.clone());
            self.scan.passed.push(Passed { module, owner, path, callee, argument, line, test: self.test });
        }
    }
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let level = Level { name: item.ident.unraw().to_string(), paths: places(&item.attrs) };
        self.below(&item.attrs, |this| {
            if item.content.is_none() {
                this.scan.declared.push(Declared {
                    inside: this.inside.clone(),
                    level,
                    line: item.ident.span().start().line,
                    conditional: conditional(&item.attrs),
                    test: this.test,
                });
                return;
            }
            this.inside.push(level);
            this.scan.inline.push(this.module());
            let owner = std::mem::take(&mut this.owner);
            visit::visit_item_mod(this, item);
            this.owner = owner;
            this.inside.pop();
        });
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.scan.imports.extend(uses::imports(&self.module(), &item.tree));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let visible = seen(&item.vis);
        let written = Written { attributes: &item.attrs, signature: &item.sig, visible, associated: false };
        self.function(&written, |this| visit::visit_item_fn(this, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let implements = item.trait_.as_ref().map(|(path, _)| segments(path));
        self.below(&item.attrs, |this| {
            this.items_of(type_name(&item.self_ty), implements, |this| visit::visit_item_impl(this, item));
        });
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.below(&item.attrs, |this| {
            this.items_of(Some(item.ident.unraw().to_string()), None, |this| visit::visit_item_trait(this, item));
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let visible = self.implements.is_some() || seen(&item.vis);
        let written = Written { attributes: &item.attrs, signature: &item.sig, visible, associated: true };
        self.function(&written, |this| visit::visit_impl_item_fn(this, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if item.default.is_none() {
            return; // its implementations are looked at
        }
        let written = Written { attributes: &item.attrs, signature: &item.sig, visible: true, associated: true };
        self.function(&written, |this| visit::visit_trait_item_fn(this, item));
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        // `let send = worker.build(send)` passes the function: the name is bound afterwards.
        if let Some(init) = &local.init {
            self.visit_local_init(init);
        }
        self.visit_pat(&local.pat);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.bound.insert(pattern.ident.unraw().to_string());
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(path) = &*call.func {
            let callee = Callee::Function(passed::named(path));
            let line = path.span().start().line;
            call.args.iter().enumerate().for_each(|(at, argument)| self.passes(&callee, line, at, argument));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let callee = Callee::Method(call.method.unraw().to_string());
        let line = call.method.span().start().line;
        call.args.iter().enumerate().for_each(|(at, argument)| self.passes(&callee, line, at, argument));
        visit::visit_expr_method_call(self, call);
    }
}

fn seen(visibility: &Visibility) -> bool {
    match visibility {
        Visibility::Public(_) => true,
        Visibility::Restricted(within) => !within.path.is_ident("self"),
        Visibility::Inherited => false,
    }
}

fn region(name: &Ident) -> Region {
    let (start, end) = (name.span().start(), name.span().end());
    Region { line: start.line, column: start.column + 1, end_line: end.line, end_column: end.column + 1 }
}
