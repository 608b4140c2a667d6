//! The plan of a key: what is written into it, in order. The handler and its companion follow the same one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Token, Type};

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
pub(super) fn references(place: Place, param: &Param) -> TokenStream {
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
fn under(cfgs: impl IntoIterator<Item = impl ToTokens>, statement: &TokenStream) -> TokenStream {
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
        ScopeSource::Argument(arg) => write(&write_as, arg, kind, k),
        ScopeSource::Expression(expr) => {
            let (site, value) = (Span::mixed_site().located_at(expr.span()), borrowed(expr));
            quote_spanned!(site=> #write_as::write(#value, #kind, #k)?;)
        }
        ScopeSource::Delivery => quote_spanned!(site=> #k.scope_from_delivery(#kind)?;),
    }
}

fn argument(rt: &Runtime<'_>, arg: &Arg, k: &Ident) -> TokenStream {
    let write_as = rt.key_arg();
    let write = match arg.written {
        Written::AsItIs => write(&write_as, arg, &arg.name, k),
        Written::AsSet => value(arg, |of, value, site| {
            let name = &arg.name;
            let write = asked_of(of, &write_as, site);
            quote_spanned!(site=> #write::write_set(#value, #name, #k)?;)
        }),
        Written::UnlessNone => value(arg, |of, value, site| {
            let name = &arg.name;
            let (there, write) = (asked_of(of, &rt.optional_key_arg(), site), asked_of(of, &write_as, site));
            quote_spanned! {site=>
                if let ::core::option::Option::Some(__there) = #there::there(#value) {
                    #write::write(__there, #name, #k)?;
                }
            }
        }),
    };
    under(&arg.cfgs, &write)
}

fn write(write_as: &TokenStream, arg: &Arg, name: &str, k: &Ident) -> TokenStream {
    value(arg, |of, value, site| {
        let write = asked_of(of, write_as, site);
        quote_spanned!(site=> #write::write(#value, #name, #k)?;)
    })
}

/// One statement about a value, a reference, so that a missing bound is one error, at the user's own type. The statement is
/// given the type, where it is written, and the place to stand at.
fn value(arg: &Arg, about: impl FnOnce(Option<&Type>, TokenStream, Span) -> TokenStream) -> TokenStream {
    let at = |span| Span::mixed_site().located_at(span);
    match (&arg.with, &arg.value) {
        // All of it at the path: a function of another type is complained about there, alike in both places.
        (Some(path), ArgValue::Whole { ident, .. } | ArgValue::Bound(ident)) => {
            let site = at(path.span());
            let statement = about(None, quote_spanned!(site=> &#path(__argument)), site);
            quote_spanned!(site=> { let __argument = #ident; #statement })
        }
        (None, ArgValue::Whole { ident, ty }) => about(Some(ty), ident.to_token_stream(), at(ty.span())),
        (None, ArgValue::Bound(ident)) => about(None, ident.to_token_stream(), at(ident.span())),
        (_, ArgValue::Path(expr)) => about(None, borrowed(expr), at(expr.span())),
    }
}

/// `<u64 as KeyArg>`, or the trait alone where the type is not written.
fn asked_of(ty: Option<&Type>, of: &TokenStream, site: Span) -> TokenStream {
    ty.map_or_else(|| of.clone(), |ty| quote_spanned!(site=> <#ty as #of>))
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
