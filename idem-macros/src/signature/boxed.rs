use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, GenericArgument, Lifetime, PathArguments, PathSegment, ReturnType, Type,
    TypeParamBound,
};

use super::peel;

/// A boxed future, as people write it and as `#[async_trait]` does: `Pin<Box<dyn Future<Output = R> + …>>` or a `BoxFuture`.
pub(crate) struct Boxed {
    /// `R`
    pub(crate) output: Type,
    /// The type as written, for as long as it must live: what runs inside may borrow for less than the whole does.
    pub(crate) inner: Type,
    /// It says that it borrows nothing.
    pub(crate) outlives_all: bool,
}

/// The names of `futures`, whatever path they come by.
const ALIASES: &[&str] = &["BoxFuture", "LocalBoxFuture"];

impl Boxed {
    pub(super) fn read(sig: &syn::Signature) -> Option<Self> {
        let ReturnType::Type(_, ty) = &sig.output else {
            return None;
        };
        if sig.asyncness.is_some() {
            return None;
        }
        let mut inner = peel(ty).clone();
        let (output, outlives_all) = last(&mut inner).and_then(|segment| match segment {
            alias if ALIASES.iter().any(|name| alias.ident == name) => of_alias(alias),
            pin if pin.ident == "Pin" => only_type(pin).and_then(of_box),
            _ => None,
        })?;
        Some(Self { output, inner, outlives_all })
    }
}

/// `BoxFuture<'a, R>`: `R`, and whether `'a` is `'static`.
fn of_alias(alias: &mut PathSegment) -> Option<(Type, bool)> {
    let arguments = arguments(alias)?;
    let mut outlives_all = false;
    for argument in &mut arguments.args {
        if let GenericArgument::Lifetime(lifetime) = argument {
            outlives_all |= lifetime.ident == "static";
            *lifetime = anonymous();
        }
    }
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    let output = types.next().filter(|_| types.next().is_none()).cloned()?;
    Some((output, outlives_all))
}

/// `Box<dyn Future<Output = R> + 'a>`, where nothing is `'static` too.
fn of_box(ty: &mut Type) -> Option<(Type, bool)> {
    let Type::TraitObject(object) = only_type(last(ty).filter(|segment| segment.ident == "Box")?)? else {
        return None;
    };
    let output = object.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => output_of(bound.path.segments.last()?),
        _ => None,
    })?;
    let is_shorter = |b: &TypeParamBound| matches!(b, TypeParamBound::Lifetime(a) if a.ident != "static");
    let outlives_all = !object.bounds.iter().any(is_shorter);
    let kept = std::mem::take(&mut object.bounds).into_iter().filter(|b| !matches!(b, TypeParamBound::Lifetime(_)));
    object.bounds = kept.chain([TypeParamBound::Lifetime(anonymous())]).collect::<Punctuated<_, _>>();
    Some((output, outlives_all))
}

/// `Future<Output = R>`
fn output_of(future: &PathSegment) -> Option<Type> {
    let PathArguments::AngleBracketed(arguments) = &future.arguments else {
        return None;
    };
    arguments.args.iter().filter(|_| future.ident == "Future").find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(assoc.ty.clone()),
        _ => None,
    })
}

fn last(ty: &mut Type) -> Option<&mut PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last_mut(),
        Type::Paren(inner) => last(&mut inner.elem),
        Type::Group(inner) => last(&mut inner.elem),
        _ => None,
    }
}

fn arguments(segment: &mut PathSegment) -> Option<&mut AngleBracketedGenericArguments> {
    match &mut segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments),
        _ => None,
    }
}

fn only_type(segment: &mut PathSegment) -> Option<&mut Type> {
    let arguments = &mut arguments(segment)?.args;
    match (arguments.len(), arguments.first_mut()) {
        (1, Some(GenericArgument::Type(ty))) => Some(ty),
        _ => None,
    }
}

fn anonymous() -> Lifetime {
    Lifetime::new("'_", Span::mixed_site())
}
