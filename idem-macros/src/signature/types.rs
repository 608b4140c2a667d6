//! What can be told of a type by its tokens.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{GenericParam, Type, TypeImplTrait, TypePath, TypePtr};

/// The type inside parentheses and the invisible groups of `macro_rules`.
pub(crate) fn peel(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Paren(inner) => &inner.elem,
            Type::Group(inner) => &inner.elem,
            ty => return ty,
        };
    }
}

/// A generic parameter by name; a lifetime's begins with `'`.
pub(crate) type Generic = String;

pub(crate) fn generic_name(param: &GenericParam) -> Generic {
    match param {
        GenericParam::Lifetime(p) => p.lifetime.to_string(),
        GenericParam::Type(p) => p.ident.unraw().to_string(),
        GenericParam::Const(p) => p.ident.unraw().to_string(),
    }
}

/// The generic parameters of `generics` that `tokens` mention, with where.
pub(crate) fn generics_in(tokens: TokenStream, generics: &syn::Generics) -> Vec<(Generic, Span)> {
    let names: Vec<Generic> = generics.params.iter().map(generic_name).collect();
    let mut found = Vec::new();
    collect(tokens, &names, &mut found);
    found
}

fn collect(tokens: TokenStream, names: &[Generic], found: &mut Vec<(Generic, Span)>) {
    let mut quote = false;
    for token in tokens {
        let after_quote = std::mem::take(&mut quote);
        match token {
            TokenTree::Group(group) => collect(group.stream(), names, found),
            TokenTree::Punct(punct) => quote = punct.as_char() == '\'',
            TokenTree::Ident(ident) => {
                let name = ident.unraw().to_string();
                let name = if after_quote { format!("'{name}") } else { name };
                if names.contains(&name) {
                    found.push((name, ident.span()));
                }
            }
            TokenTree::Literal(_) => {}
        }
    }
}

/// Why an argument of this type must not enter a key, with where; lifetimes may.
pub(crate) fn refused_in_key(ty: &Type, generics: &syn::Generics) -> Option<(Span, String)> {
    if let Type::Reference(reference) = peel(ty)
        && reference.mutability.is_some()
    {
        return Some((ty.span(), "a `&mut` argument may differ from call to call".into()));
    }
    let mut search = Unstable(None);
    search.visit_type(ty);
    if search.0.is_some() {
        return search.0;
    }
    let mut mentioned = generics_in(ty.to_token_stream(), generics);
    mentioned.retain(|(name, _)| !name.starts_with('\''));
    let (name, span) = mentioned.into_iter().next()?;
    Some((span, format!("its type depends on the parameter `{name}`, and all `{name}` would share one key")))
}

struct Unstable(Option<(Span, String)>);

impl Unstable {
    fn found(&mut self, span: Span, why: &str) {
        self.0.get_or_insert_with(|| (span, why.into()));
    }
}

impl<'ast> Visit<'ast> for Unstable {
    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.found(ty.span(), "its type is `impl Trait`, and all such types would share one key");
    }

    fn visit_type_ptr(&mut self, ty: &'ast TypePtr) {
        self.found(ty.span(), "an address is not the same in the next process");
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let Some(last) = ty.path.segments.last() else {
            return;
        };
        if last.ident == "HashSet" {
            self.found(
                last.ident.span(),
                "a `HashSet` has no order that lasts, as a `BTreeSet` or `idem::key::Set` has",
            );
        }
        // `Set<HashSet<_>>` orders what it holds.
        if last.ident != "Set" {
            visit::visit_type_path(self, ty);
        }
    }
}
