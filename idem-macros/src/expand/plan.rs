//! The plan of a key: what is written into it, in order. The handler and its companion follow the same one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Token};

use super::companion::fresh;
use super::paths::Runtime;
use crate::ir::{Arg, ArgValue, Protected, ScopePart, ScopeSource, Task, Written};
use crate::signature::{Param, Signature};

/// Where a plan stands, which decides what its names hold there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In the function: the arguments themselves.
    Function,
    /// In the companion: references to them.
    Companion,
}

/// `|__k| { …; Ok(()) }`
pub(super) fn plan(
    rt: &Runtime<'_>,
    place: Place,
    signature: &Signature,
    task: &Task,
    protected: &Protected,
) -> TokenStream {
    let site = Span::mixed_site();
    let k = Ident::new("__k", site);
    let scopes = task.scope.iter().flatten().map(|s| scope(rt, s, &k));
    let args = protected.args.iter().map(|a| argument(rt, a, &k));
    let writes: Vec<TokenStream> = scopes.chain(args).collect();
    if writes.is_empty() {
        return quote_spanned!(site=> |_| ::core::result::Result::Ok(()));
    }
    let prelude = protected.read.iter().filter_map(|i| signature.params.get(*i)).map(|param| references(place, param));
    quote_spanned! {site=>
        |#k| {
            #(#prelude)*
            #(#writes)*
            ::core::result::Result::Ok(())
        }
    }
}

/// Makes references of what a parameter binds, so that expressions see the same in both places.
fn references(place: Place, param: &Param) -> TokenStream {
    let site = Span::mixed_site();
    let whole = param.simple().map(|ident| match place {
        Place::Function if param.is_mut_reference() => quote_spanned!(site=> let #ident = &*#ident;),
        Place::Function if !param.is_reference() => quote_spanned!(site=> let #ident = &#ident;),
        Place::Function | Place::Companion => TokenStream::new(),
    });
    if let Some(whole) = &whole
        && (param.unpacked.is_none() || param.bindings.is_empty())
    {
        return under(param.cfgs(), whole);
    }
    let idents = param.bindings.iter().map(|b| &b.ident);
    let borrowed = idents.map(|ident| under(param.cfgs(), &quote_spanned!(site=> let #ident = &#ident;)));
    match place {
        Place::Function if whole.is_none() => borrowed.collect(),
        Place::Function | Place::Companion => {
            let (pat, argument) = (param.pat_of_reference(), fresh(param));
            let unpacked = under(param.cfgs(), &quote_spanned!(site=> let #pat = #argument;));
            let borrowed = borrowed.filter(|_| param.is_reference());
            let whole = whole.map(|whole| under(param.cfgs(), &whole));
            quote_spanned!(site=> #whole #unpacked #(#borrowed)*)
        }
    }
}

/// A statement, where there is one, under the conditions of its parameter.
fn under<'a>(cfgs: impl IntoIterator<Item = &'a Attribute>, statement: &TokenStream) -> TokenStream {
    if statement.is_empty() {
        return TokenStream::new();
    }
    let cfgs = cfgs.into_iter();
    quote_spanned!(Span::mixed_site()=> #(#cfgs)* #statement)
}

fn scope(rt: &Runtime<'_>, part: &ScopePart, k: &Ident) -> TokenStream {
    let (site, kind) = (Span::mixed_site(), &part.kind);
    let write_as = rt.scope_value();
    match &part.source {
        ScopeSource::Argument(arg) => write(&write_as, "write", arg, kind, k),
        ScopeSource::Expression(expr) => write_inferred(&write_as, "write", borrowed(expr), expr.span(), kind, k),
        ScopeSource::Delivery => quote_spanned!(site=> #k.scope_from_delivery(#kind)?;),
    }
}

fn argument(rt: &Runtime<'_>, arg: &Arg, k: &Ident) -> TokenStream {
    let (write_as, method) = match arg.written {
        Written::AsItIs => (rt.key_arg(), "write"),
        Written::AsSet => (rt.key_arg(), "write_set"),
        Written::UnlessNone => (rt.optional_key_arg(), "write_some"),
    };
    under(&arg.cfgs, &write(&write_as, method, arg, &arg.name, k))
}

/// One call that writes a value, so that a missing bound is one error, at the user's own type.
fn write(write_as: &TokenStream, method: &str, arg: &Arg, name: &str, k: &Ident) -> TokenStream {
    match (&arg.with, &arg.value) {
        // All of it at the path: a function of another type is complained about there, alike in both places.
        (Some(path), ArgValue::Whole { ident, .. } | ArgValue::Bound(ident)) => {
            let at = path.span();
            let mut ident = ident.clone();
            ident.set_span(ident.span().located_at(at));
            let made = quote_spanned!(Span::mixed_site().located_at(at)=> &#path(#ident));
            write_inferred(write_as, method, made, at, name, k)
        }
        (None, ArgValue::Whole { ident, ty }) => {
            let site = Span::mixed_site().located_at(ty.span());
            let method = Ident::new(method, site);
            quote_spanned!(site=> <#ty as #write_as>::#method(#ident, #name, #k)?;)
        }
        (None, ArgValue::Bound(ident)) => {
            write_inferred(write_as, method, ident.to_token_stream(), ident.span(), name, k)
        }
        (_, ArgValue::Path(expr)) => write_inferred(write_as, method, borrowed(expr), expr.span(), name, k),
    }
}

fn write_inferred(
    write_as: &TokenStream,
    method: &str,
    value: TokenStream,
    at: Span,
    name: &str,
    k: &Ident,
) -> TokenStream {
    let site = Span::mixed_site().located_at(at);
    let method = Ident::new(method, site);
    quote_spanned!(site=> #write_as::#method(#value, #name, #k)?;)
}

/// `&expr`, with parentheses where they are needed.
fn borrowed(expr: &Expr) -> TokenStream {
    let borrow = syn::ExprReference {
        attrs: Vec::new(),
        and_token: Token![&](expr.span()),
        mutability: None,
        expr: Box::new(expr.clone()),
    };
    quote!(#borrow)
}

/// An expression as people write it, for the audit.
pub(super) fn spelled(expr: &Expr) -> String {
    let mut text = expr.to_token_stream().to_string();
    for (spaced, tight) in [(" . ", "."), (" :: ", "::"), (" (", "("), ("& ", "&"), (" ,", ","), (" !", "!")] {
        text = text.replace(spaced, tight);
    }
    text
}
