use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeParamBound};

/// Names under which crates box futures.
const BOXED: &[&str] = &["BoxFuture", "LocalBoxFuture"];

/// Whether a function that is not `async` returns a future all the same: `impl Future`, or a boxed one.
pub(super) fn a_future(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => false,
        ReturnType::Type(_, output) => is_future(output),
    }
}

fn is_future(output: &Type) -> bool {
    match output {
        Type::Paren(inner) => is_future(&inner.elem),
        Type::Group(inner) => is_future(&inner.elem),
        Type::ImplTrait(bounds) => any_is_future(bounds.bounds.iter()),
        Type::TraitObject(bounds) => any_is_future(bounds.bounds.iter()),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let wrapped = || match &last.arguments {
                PathArguments::AngleBracketed(arguments) => arguments.args.iter().any(|argument| match argument {
                    GenericArgument::Type(inner) => is_future(inner),
                    _ => false,
                }),
                _ => false,
            };
            BOXED.iter().any(|name| last.ident == name) || ((last.ident == "Pin" || last.ident == "Box") && wrapped())
        }),
        _ => false,
    }
}

fn any_is_future<'a>(mut bounds: impl Iterator<Item = &'a TypeParamBound>) -> bool {
    bounds.any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Future"),
        _ => false,
    })
}
