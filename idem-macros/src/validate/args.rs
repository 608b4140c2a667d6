use proc_macro2::Ident;
use syn::Expr;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{scope, template};
use crate::diagnostic::Ctxt;
use crate::ir::{Arg, ArgValue, ScopePart, ScopeSource, Template, Written};
use crate::options::{Key, Selector, Slot};
use crate::signature::{Binding, Item, Param, Signature, plainly_other, refused_in_key};

const WAY_OUT: &str = "leave it out with `skip(…)` or `#[idem(skip)]`";

const WAY_IN: &str = "name it as the caller's transaction with `transaction = …`, or leave it out with `skip(…)`";

/// Whether an argument is the connection of a transaction, as its type is commonly written.
fn is_connection(param: &Param) -> bool {
    let syn::Type::Path(path) = param.referent() else { return false };
    let names = ["PgConnection", "MySqlConnection", "SqliteConnection", "Transaction"];
    param.is_mut_reference()
        && path.path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
}

/// The names that `skip(…)` gives.
pub(super) fn skipped(skip: Slot<Vec<Ident>>, signature: &Signature, cx: &mut Ctxt) -> Vec<String> {
    let names = skip.take().unwrap_or_default();
    let mut known = Vec::new();
    for ident in names {
        let name = ident.unraw().to_string();
        if name == "self" {
            cx.error(ident.span(), "`self` never enters the key: remove it here");
        } else if let Some((param, _)) = signature.binding(&name) {
            if let Some(form) = param.forms.first() {
                let message = format!(
                    "`{name}` is skipped, and `{form}` in its `#[idem(…)]` says how it enters the key: keep one"
                );
                cx.error(ident.span(), message);
            } else if param.forms.skipped {
                let message = format!("`{name}` is skipped twice, here and by `#[idem(skip)]`: keep one");
                cx.error(ident.span(), message);
            }
            known.push(name);
        } else {
            cx.error(ident.span(), scope::unknown(&name, signature));
        }
    }
    known
}

/// What enters the key, in the order of the key: by length of the name, then by its bytes. And its template.
pub(super) fn args(
    key: Slot<Key>,
    skipped: &[String],
    scope: Option<&[ScopePart]>,
    scoped: bool,
    signature: &Signature,
    item: &Item,
    cx: &mut Ctxt,
) -> (Vec<Arg>, Option<Template>) {
    let written = key.is_written();
    let (mut args, template) = match key.take() {
        Some(Key::Selected(selectors)) => (selected(selectors, skipped, signature, item, cx), None),
        Some(Key::Template(written)) => template::args(written, skipped, signature, item, cx),
        None if written => (Vec::new(), None),
        None => (not_skipped(skipped, signature, item, cx), None),
    };
    // Beside another mistake it may be that one's shadow: an argument that was misspelt, or marked in vain.
    if !written && args.is_empty() && !scoped && cx.count() == 0 {
        cx.error(
            item.name_span(),
            "no argument enters the key, so that every call would be a duplicate of the first: select arguments with `key(…)`, add a `scope`, or write `key()` if that is meant",
        );
    }
    if written && cx.count() == 0 {
        unused_forms(&args, scope, signature, cx);
    }
    same_names(&args, signature, cx);
    args.sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
    (args, template)
}

/// `key(a, b.c)`
fn selected(
    selectors: Vec<Selector>,
    skipped: &[String],
    signature: &Signature,
    item: &Item,
    cx: &mut Ctxt,
) -> Vec<Arg> {
    let mut args = Vec::new();
    for selector in selectors {
        let name = selector.root.unraw().to_string();
        if signature.binding(&name).is_none() {
            cx.error(selector.span(), scope::unknown(&name, signature));
        }
        for (param, binding) in signature.all_bindings(&name) {
            if param.forms.skipped || skipped.contains(&name) {
                let message = format!("`{name}` is both selected for the key and skipped: decide for one");
                cx.error(selector.span(), message);
                continue;
            }
            let whole = selector.is_whole();
            // Through a `&mut` a field can be read all the same.
            let inside_mut = param.is_mut_reference() && !whole;
            if let Some(refused) = refused_in_key(param, true, &item.sig.generics).filter(|_| !inside_mut) {
                let why = refused.or("do not select it");
                cx.error(refused.span, format!("`{name}` cannot enter the key: {why}"));
                continue;
            }
            let mut arg = value(param, binding);
            if let Some((_, fields)) = selector.name.split_once('.') {
                arg.name = format!("{}.{fields}", arg.name);
            }
            args.push(if whole { arg } else { field(arg, selector.expr.clone()) });
        }
    }
    args
}

/// A field in an argument: what is said of the whole is not said of it.
pub(super) fn field(arg: Arg, path: Expr) -> Arg {
    Arg { value: ArgValue::Path(path), with: None, written: Written::AsItIs, ..arg }
}

/// Every parameter that is not skipped.
fn not_skipped(skipped: &[String], signature: &Signature, item: &Item, cx: &mut Ctxt) -> Vec<Arg> {
    let mut args = Vec::new();
    for param in &signature.params {
        let binds = !param.bindings.is_empty();
        if param.forms.skipped || binds && param.bindings.iter().all(|b| skipped.contains(&b.name)) {
            continue;
        }
        let Some(arg) = own(param) else {
            let (binds, or) =
                if binds { ("several names", ", select among its names with `key(…)`,") } else { ("no name", "") };
            let message = format!(
                "this pattern binds {binds}, so that the argument has no name in the key: give it one with `#[idem(name = \"…\")]`{or} or mark it `#[idem(skip)]`"
            );
            cx.error(param.pat.span(), message);
            continue;
        };
        if let Some(refused) = refused_in_key(param, false, &item.sig.generics) {
            let why = refused.or(if is_connection(param) { WAY_IN } else { WAY_OUT });
            cx.error(refused.span, format!("`{}` cannot enter the key: {why}", param.label()));
            continue;
        }
        args.push(arg);
    }
    args
}

/// A parameter under the name that it has in the key.
pub(super) fn own(param: &Param) -> Option<Arg> {
    match (param.only_binding(), &param.unpacked) {
        (Some(binding), _) => Some(value(param, binding)),
        (None, Some(ident)) => {
            let value = ArgValue::Whole { ident: ident.clone(), ty: Box::new(param.referent().clone()) };
            Some(with_forms(param, value))
        }
        (None, None) => None,
    }
}

/// The argument that a name stands for.
pub(super) fn value(param: &Param, binding: &Binding) -> Arg {
    if param.bindings.len() > 1 {
        // Whatever is said of the whole is not said of this part.
        let value = ArgValue::Bound(binding.ident.clone());
        return Arg { name: binding.name.clone(), with: None, written: Written::AsItIs, ..with_forms(param, value) };
    }
    let value = match param.simple() {
        Some(ident) => ArgValue::Whole { ident: ident.clone(), ty: Box::new(param.referent().clone()) },
        None => ArgValue::Bound(binding.ident.clone()),
    };
    with_forms(param, value)
}

fn with_forms(param: &Param, value: ArgValue) -> Arg {
    let forms = &param.forms;
    let name = forms.name.as_ref().map_or_else(|| param.label(), syn::LitStr::value);
    let written = match (forms.set, forms.omit_none) {
        (Some(_), _) => Written::AsSet,
        (None, Some(_)) => Written::UnlessNone,
        (None, None) => Written::AsItIs,
    };
    let cfgs = param.cfgs().cloned().collect();
    Arg { name, param: param.index, value, with: forms.with.clone(), written, cfgs }
}

/// Forms on types that plainly have no use for them.
pub(super) fn check_forms(signature: &Signature, cx: &mut Ctxt) {
    let one =
        |param: &&Param| param.forms.with.is_none() && param.forms.set.is_some() != param.forms.omit_none.is_some();
    for param in signature.params.iter().filter(one) {
        let Some(what) = plainly_other(param.referent()) else { continue };
        if param.forms.omit_none.is_some() && what != OPTION {
            let message =
                format!("`omit_none` leaves out a `None`, and this is {what}: remove it, or take an `Option<_>`");
            cx.error(param.ty.span(), message);
        }
        if param.forms.set.is_some() && ["a primitive", "a `String`", "`()`", "a function", OPTION].contains(&what) {
            let message = format!("`set` is for a collection, and this is {what}: remove it");
            cx.error(param.ty.span(), message);
        }
    }
}

const OPTION: &str = "an `Option`";

/// A form that changes nothing, because `key` leaves the argument out or takes no more than fields in it.
fn unused_forms(args: &[Arg], scope: Option<&[ScopePart]>, signature: &Signature, cx: &mut Ctxt) {
    for param in &signature.params {
        let Some(form) = param.forms.first() else { continue };
        let of_scope =
            |part: &ScopePart| matches!(&part.source, ScopeSource::Argument(arg) if arg.param == param.index);
        let part = |arg: &Arg| param.unpacked.is_some() && matches!(arg.value, ArgValue::Bound(_));
        let mut entering = args.iter().filter(|arg| arg.param == param.index && !part(arg)).peekable();
        let message = if entering.peek().is_none() {
            if param.forms.with.is_some() && scope.into_iter().flatten().any(of_scope) {
                continue;
            }
            format!("`{form}` changes nothing: `key` does not take `{}`; take it in, or remove this", param.label())
        } else if *form != "name" && entering.all(|arg| matches!(arg.value, ArgValue::Path(_))) {
            format!("`{form}` is for a whole argument, and `key` takes fields of `{}`: remove this", param.label())
        } else {
            continue;
        };
        cx.error(form.span(), message);
    }
}

/// Two arguments under one name; of those under `cfg`, others may stand for each other.
fn same_names(args: &[Arg], signature: &Signature, cx: &mut Ctxt) {
    for (i, arg) in args.iter().enumerate() {
        let twin = |other: &&Arg| other.name == arg.name && (other.cfgs.is_empty() || arg.cfgs.is_empty());
        let Some(other) = args.iter().take(i).find(twin) else { continue };
        let named = |arg: &Arg| signature.params.get(arg.param).and_then(|p| p.forms.name.as_ref());
        let Some(name) = named(arg).or_else(|| named(other)) else { continue };
        let message = format!("two arguments are `{}` in the key: give one another name", arg.name);
        cx.error(name.span(), message);
    }
}

/// The parameters that the key or a scope reads.
pub(super) fn read(args: &[Arg], scope: Option<&[ScopePart]>, signature: &Signature) -> Vec<usize> {
    let mut names = Vec::new();
    let mut indices: Vec<usize> = args.iter().map(|arg| arg.param).collect();
    for part in scope.into_iter().flatten() {
        match &part.source {
            ScopeSource::Argument(arg) => indices.push(arg.param),
            ScopeSource::Expression(expr) => names.extend(scope::names_in(expr)),
            ScopeSource::Delivery => {}
        }
    }
    let reads =
        |param: &&Param| indices.contains(&param.index) || param.bindings.iter().any(|b| names.contains(&b.name));
    signature.params.iter().filter(reads).map(|param| param.index).collect()
}
