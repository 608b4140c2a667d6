use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{GenericArgument, Lifetime, PathArguments, ReturnType, Type, TypeFnPtr, TypeImplTrait, TypeReference};

use super::{peel, plainly_other};

/// What the function returns.
pub(crate) enum Output {
    /// Something that may be a `Result`.
    Result(Box<ResultTypes>),
    /// Plainly something else, with where and what it is.
    Other { span: Span, what: &'static str },
}

/// A return type and, where it is written as `…Result<T, E>`, its two sides.
#[derive(Clone)]
pub(crate) struct ResultTypes {
    pub(crate) whole: Type,
    pub(crate) sides: Option<(Type, Type)>,
    /// A borrow in it.
    pub(crate) borrows: Option<Span>,
    /// An `impl Trait` in it.
    pub(crate) opaque: Option<Span>,
}

impl Output {
    pub(super) fn read(output: &ReturnType) -> Self {
        match output {
            ReturnType::Default => Self::Other { span: output.span(), what: "nothing" },
            ReturnType::Type(_, ty) => Self::of(ty),
        }
    }

    pub(super) fn of(ty: &Type) -> Self {
        if let Some(what) = plainly_other(ty) {
            return Self::Other { span: ty.span(), what };
        }
        let mut found = Unstorable::default();
        found.visit_type(ty);
        Self::Result(Box::new(ResultTypes {
            whole: ty.clone(),
            sides: sides(ty),
            borrows: found.borrow,
            opaque: found.opaque,
        }))
    }
}

fn sides(ty: &Type) -> Option<(Type, Type)> {
    let Type::Path(path) = peel(ty) else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(args) = &last.arguments else {
        return None;
    };
    if last.ident != "Result" {
        return None;
    }
    let mut types = args.args.iter();
    match (types.next(), types.next(), types.next()) {
        (Some(GenericArgument::Type(ok)), Some(GenericArgument::Type(err)), None) => Some((ok.clone(), err.clone())),
        _ => None,
    }
}

/// Finds what cannot be read back from a store: borrows that are not `'static`, and types without a name.
#[derive(Default)]
struct Unstorable {
    borrow: Option<Span>,
    opaque: Option<Span>,
}

impl<'ast> Visit<'ast> for Unstorable {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference.lifetime.is_none() {
            self.borrow.get_or_insert(reference.and_token.span());
        }
        visit::visit_type_reference(self, reference);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            self.borrow.get_or_insert(lifetime.span());
        }
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.opaque.get_or_insert(ty.impl_token.span());
    }

    // The borrows of a function's own arguments are not the result's.
    fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast syn::ParenthesizedGenericArguments) {}
}
