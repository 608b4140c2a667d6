//! What can be told of a type by its tokens.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    GenericArgument, GenericParam, PathArguments, Type, TypeFnPtr, TypeImplTrait, TypeParamBound, TypePath, TypePtr,
    TypeTraitObject,
};

use super::{Param, queues};

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

/// Why an argument must not enter a key as it is, with where; lifetimes may. What is `said` to enter, by `key(…)` or a form
/// of its own, may change from delivery to delivery.
pub(crate) fn refused_in_key(param: &Param, said: bool, generics: &syn::Generics) -> Option<(Span, String)> {
    let ty = &param.ty;
    // What a function makes of the argument is what enters.
    if param.forms.with.is_none() {
        if param.is_mut_reference() {
            return Some((ty.span(), "a `&mut` argument may differ from call to call".into()));
        }
        let mut search = Unstable { said: said || param.forms.any(), found: None };
        match outermost(ty) {
            Type::Path(path) if param.forms.set.is_some() && is_hash_set(path) => {
                visit::visit_type_path(&mut search, path);
            }
            _ => search.visit_type(ty),
        }
        if search.found.is_some() {
            return search.found;
        }
    }
    let mut mentioned = generics_in(ty.to_token_stream(), generics);
    mentioned.retain(|(name, _)| !name.starts_with('\''));
    let (name, span) = mentioned.into_iter().next()?;
    Some((span, format!("its type depends on the parameter `{name}`, and all `{name}` would share one key")))
}

/// The type behind references and pointers that own what they point to. Behind an `Option` too: that this is no set is
/// told elsewhere.
fn outermost(ty: &Type) -> &Type {
    match peel(ty) {
        Type::Reference(reference) => outermost(&reference.elem),
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if ["Box", "Rc", "Arc", "Cow", "Option"].iter().any(|owner| last.ident == owner) => {
                inner(&last.arguments).map_or(ty, outermost)
            }
            _ => peel(ty),
        },
        ty => ty,
    }
}

/// The first type between angle brackets.
fn inner(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn is_hash_set(path: &TypePath) -> bool {
    path.path.segments.last().is_some_and(|last| last.ident == "HashSet")
}

/// `std::time::Instant`, and tokio's, by their path or as they are imported.
fn is_instant(path: &TypePath) -> bool {
    let mut segments = path.path.segments.iter().rev();
    let last = segments.next().is_some_and(|last| last.ident == "Instant");
    last && segments.next().is_none_or(|module| module.ident == "time")
}

/// Looks for what differs between calls that are the same work.
struct Unstable {
    said: bool,
    found: Option<(Span, String)>,
}

impl Unstable {
    fn found(&mut self, span: Span, why: &str) {
        self.found.get_or_insert_with(|| (span, why.into()));
    }
}

impl<'ast> Visit<'ast> for Unstable {
    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        let why = if ty.bounds.iter().any(is_function) { FUNCTION } else { IMPL_TRAIT };
        self.found(ty.span(), why);
    }

    fn visit_type_trait_object(&mut self, ty: &'ast TypeTraitObject) {
        if ty.bounds.iter().any(is_function) {
            self.found(ty.span(), FUNCTION);
        }
    }

    fn visit_type_fn_ptr(&mut self, ty: &'ast TypeFnPtr) {
        self.found(ty.span(), FUNCTION);
    }

    fn visit_type_ptr(&mut self, ty: &'ast TypePtr) {
        self.found(ty.span(), "an address is not the same in the next process");
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let Some(last) = ty.path.segments.last() else {
            return;
        };
        if is_hash_set(ty) {
            self.found(last.ident.span(), HASH_SET);
        }
        if is_instant(ty) {
            self.found(last.ident.span(), "an `Instant` is of this process alone: take a `SystemTime`, or a date");
        }
        if let Some(why) = queues::changes(ty).filter(|_| !self.said) {
            self.found(last.ident.span(), &format!("{why} (to insist, select it with `key(…)`)"));
        }
        // `Set<HashSet<_>>` orders what it holds, and a `PhantomData` holds nothing.
        if last.ident != "Set" && last.ident != "PhantomData" {
            visit::visit_type_path(self, ty);
        }
    }
}

const IMPL_TRAIT: &str = "its type is `impl Trait`, and all such types would share one key";

const FUNCTION: &str = "nothing tells one function or closure from another in the next process";

const HASH_SET: &str =
    "a `HashSet` has no order that lasts: mark the argument `#[idem(set)]`, or take a `BTreeSet` or `idem::key::Set`";

fn is_function(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else { return false };
    let functions = ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"];
    bound.path.segments.last().is_some_and(|last| functions.iter().any(|name| last.ident == name))
}
