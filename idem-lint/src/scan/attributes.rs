//! What attributes say, also inside `#[cfg_attr(…)]`.

use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

use super::Segments;

/// Attributes by which a handler says what it is; the macros recognise each other by the last segment, too (MACRO-7).
pub(crate) const STATES: &[&str] = &["idempotent", "idempotent_once", "idempotent_daily", "strict", "not_idempotent"];

/// Attributes by their last segment that make a test of a function.
const TESTS: &[&str] = &["test", "bench", "rstest"];

/// The attributes, with those that `#[cfg_attr(…)]` adds outside of tests.
fn metas(attributes: &[Attribute]) -> Vec<Meta> {
    let mut found = Vec::new();
    let mut open: Vec<Meta> = attributes.iter().rev().map(|attribute| attribute.meta.clone()).collect();
    while let Some(meta) = open.pop() {
        let Meta::List(list) = &meta else {
            found.push(meta);
            continue;
        };
        if !list.path.is_ident("cfg_attr") {
            found.push(meta);
            continue;
        }
        // A mistake in it is the compiler's to report.
        let inner = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone()).unwrap_or_default();
        let mut inner = inner.into_iter();
        if inner.next().is_some_and(|condition| !needs_test(&condition)) {
            open.extend(inner.rev());
        }
    }
    found
}

/// The paths of the attributes, as they are written.
pub(super) fn paths(attributes: &[Attribute]) -> Vec<Segments> {
    metas(attributes).iter().map(|meta| segments(meta.path())).collect()
}

/// Whether an item is compiled for tests only, or is a test.
pub(super) fn of_tests(attributes: &[Attribute]) -> bool {
    metas(attributes).iter().any(|meta| match meta {
        Meta::List(list) if list.path.is_ident("cfg") => list.parse_args().is_ok_and(|meta| needs_test(&meta)),
        _ => meta.path().segments.last().is_some_and(|last| TESTS.iter().any(|test| last.ident == test)),
    })
}

/// Whether an item may not be compiled at all.
pub(super) fn conditional(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg"))
}

/// What `#[path = "…"]` says; several, where each stands under a condition.
pub(super) fn places(attributes: &[Attribute]) -> Vec<String> {
    let text = |meta: &Meta| match meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    metas(attributes).iter().filter_map(text).collect()
}

/// Whether a condition holds in tests alone.
fn needs_test(condition: &Meta) -> bool {
    let parts = |list: &syn::MetaList| {
        let parts = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone()).unwrap_or_default();
        parts.into_iter().collect::<Vec<_>>()
    };
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => parts(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => {
            let parts = parts(list);
            !parts.is_empty() && parts.iter().all(needs_test)
        }
        _ => false,
    }
}

/// A path's names, without generics and `r#`.
pub(super) fn segments(path: &syn::Path) -> Segments {
    path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect()
}
