//! The attributes of this crate, and how one finds the others on the same function.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;

use crate::diagnostic::Ctxt;

/// The attribute of a parameter: `#[idem(skip)]`.
pub(crate) const PARAMETER: &str = "idem";

/// The attribute that adds `strict` to another.
pub(crate) const STRICT: &str = "strict";

/// One of the attributes that make a task of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Idempotent,
    Once,
    Daily,
    NotIdempotent,
}

impl Attribute {
    const ALL: [Self; 4] = [Self::Idempotent, Self::Once, Self::Daily, Self::NotIdempotent];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Idempotent => "idempotent",
            Self::Once => "idempotent_once",
            Self::Daily => "idempotent_daily",
            Self::NotIdempotent => "not_idempotent",
        }
    }

    /// The attribute at `path`, recognised by its last segment: a macro cannot resolve names.
    fn at(path: &syn::Path) -> Option<Self> {
        let last = path.segments.last()?;
        Self::ALL.into_iter().find(|a| last.ident == a.name())
    }
}

/// Whether one of the attributes that make a task stands in the list.
pub(crate) fn makes_task(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| Attribute::at(a.path()).is_some())
}

pub(crate) fn is_strict(attr: &syn::Attribute) -> bool {
    attr.path().segments.last().is_some_and(|s| s.ident == STRICT)
}

/// `#[strict]`, to be put below the attribute that takes it in.
pub(crate) fn strict() -> syn::Attribute {
    syn::Attribute {
        pound_token: <syn::Token![#]>::default(),
        style: syn::AttrStyle::Outer,
        bracket_token: syn::token::Bracket::default(),
        meta: syn::Meta::Path(Ident::new(STRICT, Span::call_site()).into()),
    }
}

/// Removes the others of this crate's attributes and answers where `#[strict]` stood.
pub(crate) fn take_siblings(own: Attribute, attrs: &mut Vec<syn::Attribute>, cx: &mut Ctxt) -> Option<Span> {
    let mut strict = None;
    attrs.retain(|attr| {
        if let Some(other) = Attribute::at(attr.path()) {
            cx.error(
                attr.path().span(),
                format!(
                    "`#[{}]` on a function that already has `#[{}]`: keep one of the two",
                    other.name(),
                    own.name()
                ),
            );
            return false;
        }
        if !is_strict(attr) {
            return true;
        }
        let span = attr.path().span();
        match (&attr.meta, strict) {
            (_, Some(_)) => cx.error(span, STRICT_TWICE),
            (syn::Meta::Path(_), None) => {}
            (_, None) => cx.error(span, STRICT_TAKES_NOTHING),
        }
        strict = Some(span);
        false
    });
    strict
}

pub(crate) const STRICT_TAKES_NOTHING: &str = "`#[strict]` takes no options: write them in `#[idempotent(strict, …)]`";

pub(crate) const STRICT_TWICE: &str = "`#[strict]` is given twice: keep one";
