use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::scope;
use crate::diagnostic::Ctxt;
use crate::ir::{Arg, ArgValue, ScopePart};
use crate::options::{Selector, Slot};
use crate::signature::{Binding, Item, Param, Signature, refused_in_key};

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
            if param.skipped {
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

/// What enters the key, in the order of the key: by length of the name, then by its bytes.
pub(super) fn args(
    key: Slot<Vec<Selector>>,
    skipped: &[String],
    scoped: bool,
    signature: &Signature,
    item: &Item,
    cx: &mut Ctxt,
) -> Vec<Arg> {
    let mut args = if key.is_written() {
        selected(key.take().unwrap_or_default(), skipped, signature, item, cx)
    } else {
        let all = not_skipped(skipped, signature, item, cx);
        // Beside another mistake it may be that one's shadow: an argument that was misspelt, or marked in vain.
        if all.is_empty() && !scoped && cx.count() == 0 {
            cx.error(
                item.name_span(),
                "no argument enters the key, so that every call would be a duplicate of the first: select arguments with `key(…)`, add a `scope`, or write `key()` if that is meant",
            );
        }
        all
    };
    args.sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
    args
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
        let Some((param, binding)) = signature.binding(&name) else {
            cx.error(selector.span(), scope::unknown(&name, signature));
            continue;
        };
        if param.skipped || skipped.contains(&name) {
            let message = format!("`{name}` is both selected for the key and skipped: decide for one");
            cx.error(selector.span(), message);
            continue;
        }
        // Through a `&mut` a field can be read all the same.
        let inside_mut = param.is_mut_reference() && !selector.is_whole();
        if let Some((span, why)) = refused_in_key(&param.ty, &item.sig.generics).filter(|_| !inside_mut) {
            cx.error(span, format!("`{name}` cannot enter the key: {why}; do not select it"));
            continue;
        }
        let value = if selector.is_whole() { value(param, binding).value } else { ArgValue::Path(selector.expr) };
        args.push(Arg { name: selector.name, value });
    }
    args
}

/// Every parameter that is not skipped.
fn not_skipped(skipped: &[String], signature: &Signature, item: &Item, cx: &mut Ctxt) -> Vec<Arg> {
    let mut args = Vec::new();
    for param in &signature.params {
        let named = !param.bindings.is_empty();
        if param.skipped || named && param.bindings.iter().all(|b| skipped.contains(&b.name)) {
            continue;
        }
        let Some(binding) = param.only_binding() else {
            let (binds, or) =
                if named { ("several names", ", select among its names with `key(…)`,") } else { ("no name", "") };
            let message = format!(
                "this pattern binds {binds}, so that the argument has no name in the key: name the parameter{or} or mark it `#[idem(skip)]`"
            );
            cx.error(param.pat.span(), message);
            continue;
        };
        if let Some((span, why)) = refused_in_key(&param.ty, &item.sig.generics) {
            let way_out = if is_connection(param) { WAY_IN } else { WAY_OUT };
            let message = format!("`{}` cannot enter the key: {why}; {way_out}", binding.name);
            cx.error(span, message);
            continue;
        }
        args.push(value(param, binding));
    }
    args
}

/// The argument that a name stands for.
pub(super) fn value(param: &Param, binding: &Binding) -> Arg {
    let value = match param.simple() {
        Some(ident) => ArgValue::Whole { ident: ident.clone(), ty: param.referent().clone() },
        None => ArgValue::Bound(binding.ident.clone()),
    };
    Arg { name: binding.name.clone(), value }
}

/// The parameters that the key or a scope reads.
pub(super) fn read(args: &[Arg], scope: Option<&[ScopePart]>, signature: &Signature) -> Vec<usize> {
    let mut names: Vec<String> = scope.into_iter().flatten().flat_map(scope::reads).collect();
    for arg in args {
        match &arg.value {
            ArgValue::Whole { .. } | ArgValue::Bound(_) => names.push(arg.name.clone()),
            ArgValue::Path(expr) => names.extend(scope::names_in(expr)),
        }
    }
    let reads = |param: &Param| param.bindings.iter().any(|b| names.contains(&b.name));
    signature.params.iter().enumerate().filter(|(_, p)| reads(p)).map(|(i, _)| i).collect()
}
