//! Types that must not enter a key, as far as they can be told by their tokens.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    GenericArgument, PathArguments, Type, TypeFnPtr, TypeImplTrait, TypeParamBound, TypePath, TypePtr, TypeTraitObject,
};

use super::{Param, generics_in, peel, queues};

/// Why an argument must not enter a key, with where.
pub(crate) struct Refused {
    pub(crate) span: Span,
    pub(crate) why: String,
    mend: Option<&'static str>,
}

impl Refused {
    fn new(span: Span, why: &str) -> Self {
        Self { span, why: why.into(), mend: None }
    }

    fn mend(self, mend: &'static str) -> Self {
        Self { mend: Some(mend), ..self }
    }

    /// Why, and what to do about it: what mends it, or this.
    pub(crate) fn or(&self, way_out: &str) -> String {
        match self.mend {
            Some(mend) => format!("{}; {mend}, or {way_out}", self.why),
            None => format!("{}; {way_out}", self.why),
        }
    }
}

/// Why an argument must not enter a key as it is, with where; lifetimes may. What is `said` to enter, by `key(…)` or a form
/// of its own, may change from delivery to delivery.
pub(crate) fn refused_in_key(param: &Param, said: bool, generics: &syn::Generics) -> Option<Refused> {
    let (ty, forms) = (&param.ty, &param.forms);
    if param.is_mut_reference() && forms.with.is_none() {
        return Some(Refused::new(ty.span(), "a `&mut` argument may differ from call to call"));
    }
    let mut search = Unstable { said: said || forms.any(), made_of: forms.with.is_some(), inside: false, found: None };
    match outermost(ty) {
        Type::Path(path) if is_hash_set(path) => {
            if forms.set.is_none() {
                search.hash_set(path);
            }
            search.inside = true;
            visit::visit_type_path(&mut search, path);
        }
        _ => {
            search.inside = true;
            search.visit_type(ty);
        }
    }
    if search.found.is_some() {
        return search.found;
    }
    let mut mentioned = generics_in(ty.to_token_stream(), generics);
    mentioned.retain(|(name, _)| !name.starts_with('\''));
    let (name, span) = mentioned.into_iter().next()?;
    let why = format!("its type depends on the parameter `{name}`, and all `{name}` would share one key");
    Some(Refused { span, why, mend: None })
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
    /// It is said that the argument enters.
    said: bool,
    /// What enters is made of it by a function.
    made_of: bool,
    /// The search is inside of the outermost type.
    inside: bool,
    found: Option<Refused>,
}

impl Unstable {
    fn found(&mut self, refused: Refused) {
        if !self.made_of {
            self.found.get_or_insert(refused);
        }
    }

    fn hash_set(&mut self, path: &TypePath) {
        let mend = if self.inside {
            "take a `BTreeSet` or `idem::key::Set`"
        } else {
            "mark it `#[idem(set)]`, take a `BTreeSet`"
        };
        self.found(Refused::new(last(path), "a `HashSet` has no order that lasts").mend(mend));
    }
}

impl<'ast> Visit<'ast> for Unstable {
    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        let why = if ty.bounds.iter().any(is_function) { FUNCTION } else { IMPL_TRAIT };
        // Whatever is made of it, it is another type for each caller.
        self.found.get_or_insert_with(|| Refused::new(ty.span(), why));
    }

    fn visit_type_trait_object(&mut self, ty: &'ast TypeTraitObject) {
        if ty.bounds.iter().any(is_function) {
            self.found(Refused::new(ty.span(), FUNCTION));
        }
    }

    fn visit_type_fn_ptr(&mut self, ty: &'ast TypeFnPtr) {
        self.found(Refused::new(ty.span(), FUNCTION));
    }

    fn visit_type_ptr(&mut self, ty: &'ast TypePtr) {
        self.found(Refused::new(ty.span(), "an address is not the same in the next process"));
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        if is_hash_set(ty) {
            self.hash_set(ty);
        }
        if is_instant(ty) {
            let instant = Refused::new(last(ty), "an `Instant` is of this process alone");
            self.found(instant.mend("take a `SystemTime` or a date"));
        }
        if let Some(why) = queues::changes(ty).filter(|_| !self.said) {
            self.found(Refused::new(last(ty), why).mend("select it with `key(…)` if it is meant"));
        }
        // `Set<HashSet<_>>` orders what it holds, and a `PhantomData` holds nothing.
        let opaque = ["Set", "PhantomData"];
        if !ty.path.segments.last().is_some_and(|last| opaque.iter().any(|name| last.ident == name)) {
            visit::visit_type_path(self, ty);
        }
    }
}

const IMPL_TRAIT: &str = "its type is `impl Trait`, and all such types would share one key";

const FUNCTION: &str = "nothing tells one function or closure from another in the next process";

/// Where a type's name stands, without its path.
fn last(path: &TypePath) -> Span {
    path.path.segments.last().map_or_else(|| path.span(), |last| last.ident.span())
}

fn is_function(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else { return false };
    let functions = ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"];
    bound.path.segments.last().is_some_and(|last| functions.iter().any(|name| last.ident == name))
}
