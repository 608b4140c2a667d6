//! The plan of a key: what is written into it, in order. The handler and its companion follow the same one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Token};

use super::companion::fresh;
use super::paths::Runtime;
use crate::ir::{Arg, ArgValue, Protected, ScopePart, ScopeSource, Task};
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
    let args = protected.args.iter().map(|a| write(&rt.key_arg(), a, &a.name, &k));
    let writes: Vec<TokenStream> = scopes.chain(args).collect();
    if writes.is_empty() {
        return quote_spanned!(site=> |_| ::core::result::Result::Ok(()));
    }
    let prelude = protected
        .read
        .iter()
        .filter_map(|i| Some((*i, signature.params.get(*i)?)))
        .map(|(i, param)| references(place, i, param));
    quote_spanned! {site=>
        |#k| {
            #(#prelude)*
            #(#writes)*
            ::core::result::Result::Ok(())
        }
    }
}

/// Makes references of what a parameter binds, so that expressions see the same in both places.
pub(super) fn references(place: Place, index: usize, param: &Param) -> TokenStream {
    let site = Span::mixed_site();
    if let Some(ident) = param.simple() {
        return match place {
            Place::Function if param.is_mut_reference() => {
                quote_spanned!(site=> let #ident = &*#ident;)
            }
            Place::Function if !param.is_reference() => {
                quote_spanned!(site=> let #ident = &#ident;)
            }
            Place::Function | Place::Companion => TokenStream::new(),
        };
    }
    let idents = param.bindings.iter().map(|b| &b.ident);
    let borrowed = quote_spanned!(site=> #(let #idents = &#idents;)*);
    match place {
        Place::Function => borrowed,
        Place::Companion => {
            let (pat, argument) = (param.pat_of_reference(), fresh(index, param));
            let borrowed = param.is_reference().then_some(borrowed);
            quote_spanned!(site=> let #pat = #argument; #borrowed)
        }
    }
}

fn scope(rt: &Runtime<'_>, part: &ScopePart, k: &Ident) -> TokenStream {
    let (site, kind) = (Span::mixed_site(), &part.kind);
    let write_as = rt.scope_value();
    match &part.source {
        ScopeSource::Argument(arg) => write(&write_as, arg, kind, k),
        ScopeSource::Expression(expr) => write_inferred(&write_as, borrowed(expr), expr.span(), kind, k),
        ScopeSource::Delivery => quote_spanned!(site=> #k.scope_from_delivery(#kind)?;),
    }
}

/// One call that writes a value, so that a missing bound is one error, at the user's own type.
fn write(write_as: &TokenStream, arg: &Arg, name: &str, k: &Ident) -> TokenStream {
    match &arg.value {
        ArgValue::Whole { ident, ty } => {
            let site = Span::mixed_site().located_at(ty.span());
            quote_spanned!(site=> <#ty as #write_as>::write(#ident, #name, #k)?;)
        }
        ArgValue::Bound(ident) => write_inferred(write_as, ident.to_token_stream(), ident.span(), name, k),
        ArgValue::Path(expr) => write_inferred(write_as, borrowed(expr), expr.span(), name, k),
    }
}

fn write_inferred(write_as: &TokenStream, value: TokenStream, at: Span, name: &str, k: &Ident) -> TokenStream {
    let site = Span::mixed_site().located_at(at);
    quote_spanned!(site=> #write_as::write(#value, #name, #k)?;)
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
