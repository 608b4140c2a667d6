use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{GenericParam, Generics, TypeParam, WherePredicate};

use crate::signature::{Generic, generics_in};

/// `::<T, N>` where the caller may have to say them; lifetimes are inferred.
pub(super) fn turbofish(generics: &Generics) -> TokenStream {
    let said: Vec<TokenStream> = generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(p) => Some(p.ident.to_token_stream()),
            GenericParam::Const(p) => Some(p.ident.to_token_stream()),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    if said.is_empty() {
        return TokenStream::new();
    }
    quote_spanned!(Span::mixed_site()=> ::<#(#said),*>)
}

/// The generics that `tokens` mention, with the bounds that speak of no others.
pub(super) fn mentioned(generics: &Generics, tokens: TokenStream) -> Generics {
    let names: Vec<Generic> = names(tokens, generics);
    let within = |tokens: TokenStream| {
        let found = self::names(tokens, generics);
        found.iter().all(|name| names.contains(name))
    };
    let mut kept = generics.clone();
    kept.params = generics
        .params
        .iter()
        .filter(|param| names.contains(&crate::signature::generic_name(param)))
        .cloned()
        .map(|param| with_bounds(param, &within))
        .collect();
    if kept.params.is_empty() {
        kept.lt_token = None;
        kept.gt_token = None;
    }
    if let Some(clause) = &mut kept.where_clause {
        clause.predicates = clause
            .predicates
            .iter()
            .filter(|predicate| about_ours(predicate, generics) && within(predicate.to_token_stream()))
            .cloned()
            .collect();
    }
    kept
}

fn names(tokens: TokenStream, generics: &Generics) -> Vec<Generic> {
    let found = generics_in(tokens, generics);
    found.into_iter().map(|(name, _)| name).collect()
}

/// A predicate that names no generic at all is dropped too: nothing here needs it.
fn about_ours(predicate: &WherePredicate, generics: &Generics) -> bool {
    !names(predicate.to_token_stream(), generics).is_empty()
}

fn with_bounds(param: GenericParam, within: &impl Fn(TokenStream) -> bool) -> GenericParam {
    match param {
        GenericParam::Type(p) => {
            let bounds = p.bounds.iter().filter(|b| within(b.to_token_stream()));
            GenericParam::Type(TypeParam { bounds: bounds.cloned().collect(), ..p })
        }
        GenericParam::Lifetime(mut p) => {
            let bounds = p.bounds.iter().filter(|b| within(b.to_token_stream()));
            p.bounds = bounds.cloned().collect();
            GenericParam::Lifetime(p)
        }
        param @ GenericParam::Const(_) => param,
    }
}
