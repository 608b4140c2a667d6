use proc_macro2::{Ident, Span};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprField, ExprPath, Index, Member, PathSegment, Token};

use super::args;
use crate::diagnostic::{Ctxt, did_you_mean, listed};
use crate::ir::{Arg, ArgValue, Template};
use crate::options::{self, Place};
use crate::signature::{Item, Param, Signature, refused_in_key};

/// The arguments that a template takes, each once, and the template.
pub(super) fn args(
    written: options::Template,
    skipped: &[String],
    signature: &Signature,
    item: &Item,
    cx: &mut Ctxt,
) -> (Vec<Arg>, Option<Template>) {
    let mut args: Vec<Arg> = Vec::new();
    for place in &written.places {
        let name = place.name();
        if args.iter().any(|arg| arg.name == name) {
            continue;
        }
        match arg(place, written.text.span(), skipped, signature, item) {
            Ok(arg) => args.push(Arg { name, ..arg }),
            Err(says) => written.refuse(place, &says, cx),
        }
    }
    let places = written.places.iter().map(Place::name).collect();
    (args, Some(Template { text: written.text.value(), places }))
}

/// What stands in a place, or why nothing can.
fn arg(place: &Place, at: Span, skipped: &[String], signature: &Signature, item: &Item) -> Result<Arg, String> {
    let root = &place.root;
    let Some((param, arg)) = named(root, signature) else {
        return Err(unknown(root, signature));
    };
    let bound = param.only_binding().map_or(root, |binding| &binding.name);
    if param.forms.skipped || skipped.contains(bound) {
        return Err(format!("`{root}` is both in the key and skipped: decide for one"));
    }
    if param.is_conditional() {
        return Err(format!("`{root}` is under `cfg`, and a template is the same in every configuration"));
    }
    if param.forms.omit_none.is_some() {
        return Err(format!(
            "`{root}` is left out where it is `None`, and a place is never left out: remove `omit_none`"
        ));
    }
    let inside_mut = param.is_mut_reference() && !place.fields.is_empty();
    if let Some(refused) = refused_in_key(param, true, &item.sig.generics).filter(|_| !inside_mut) {
        return Err(format!("`{root}` cannot enter the key: {}", refused.or("name another argument")));
    }
    if !place.fields.is_empty() {
        let base = match &arg.value {
            ArgValue::Whole { ident, .. } | ArgValue::Bound(ident) => located(ident, at),
            ArgValue::Path(path) => path.clone(),
        };
        let path = place.fields.iter().fold(base, |base, field| member(base, field, at));
        return Ok(args::field(arg, path));
    }
    Ok(arg)
}

/// The argument of that name in the key.
fn named<'a>(name: &str, signature: &'a Signature) -> Option<(&'a Param, Arg)> {
    let mut own = signature.params.iter().filter_map(|param| Some((param, args::own(param)?)));
    let found = own.find(|(_, arg)| arg.name == name);
    found.or_else(|| {
        let (param, binding) = signature.bindings().find(|(param, b)| b.name == name && param.bindings.len() > 1)?;
        Some((param, args::value(param, binding)))
    })
}

fn unknown(name: &str, signature: &Signature) -> String {
    if let Some((param, _)) = signature.binding(name)
        && let Some(named) = &param.forms.name
    {
        return format!("`{name}` is `{0}` in the key: write `{{{0}}}`", named.value());
    }
    let own = signature.params.iter().filter_map(args::own).map(|arg| arg.name);
    let parts = signature.bindings().filter(|(param, _)| param.bindings.len() > 1).map(|(_, b)| b.name.clone());
    let names: Vec<String> = own.chain(parts).collect();
    let names = || names.iter().map(String::as_str);
    let hint = did_you_mean(name, names()).unwrap_or_else(|| {
        if names().next().is_none() {
            "this function has none".into()
        } else {
            format!("there are {}", listed(names()))
        }
    });
    format!("no parameter `{name}`; {hint}")
}

fn located(ident: &Ident, at: Span) -> Expr {
    let mut ident = ident.clone();
    ident.set_span(ident.span().located_at(at));
    let segments = Punctuated::from_iter([PathSegment::from(ident)]);
    Expr::Path(ExprPath { attrs: Vec::new(), qself: None, path: syn::Path { leading_colon: None, segments } })
}

fn member(base: Expr, field: &str, at: Span) -> Expr {
    // Not the user's own token: a suggestion of the compiler would replace the whole text.
    let at = Span::mixed_site().located_at(at);
    let member = match field.parse() {
        Ok(index) => Member::Unnamed(Index { index, span: at }),
        // A keyword, which a field has by `r#`.
        Err(_) => Member::Named(
            syn::parse_str::<Ident>(field).map_or_else(|_| Ident::new_raw(field, at), |_| Ident::new(field, at)),
        ),
    };
    Expr::Field(ExprField { attrs: Vec::new(), base: Box::new(base), dot_token: Token![.](at), member })
}
