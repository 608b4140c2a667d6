//! What can be told of a type by its tokens.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{GenericParam, Type};

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

const PRIMITIVES: &[&str] = &[
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64",
];

/// Types of the prelude that somebody may return by mistake, and that nobody calls a `Result`.
const PRELUDE: &[(&str, &str)] =
    &[("Option", "an `Option`"), ("String", "a `String`"), ("Vec", "a `Vec`"), ("Box", "a `Box`")];

/// What a type plainly is, as far as nobody would call anything else so.
pub(crate) fn plainly_other(ty: &Type) -> Option<&'static str> {
    Some(match peel(ty) {
        Type::Tuple(tuple) if tuple.elems.is_empty() => "`()`",
        Type::Tuple(_) => "a tuple",
        Type::Reference(_) => "a reference",
        Type::Array(_) => "an array",
        Type::Slice(_) => "a slice",
        Type::Ptr(_) => "a pointer",
        Type::FnPtr(_) => "a function",
        Type::Never(_) => "`!`",
        Type::Infer(_) => "`_`",
        Type::ImplTrait(_) => "`impl Trait`",
        Type::TraitObject(_) => "a trait object",
        Type::Path(path) => {
            let name = &path.path.segments.last()?.ident;
            let alone = path.path.segments.len() == 1;
            if alone && PRIMITIVES.iter().any(|p| name == p) {
                return Some("a primitive");
            }
            let known = PRELUDE.iter().find(|(p, _)| alone && name == p);
            return known.map(|(_, what)| *what);
        }
        _ => return None,
    })
}
