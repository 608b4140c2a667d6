//! The attributes of this crate, and how one finds the others on the same function.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;

use crate::diagnostic::Ctxt;

/// The attribute of a parameter: `#[idem(skip)]`.
pub(crate) const PARAMETER: &str = "idem";

/// The attribute that adds `strict` to another.
pub(crate) const STRICT: &str = "strict";

/// What `#[strict]` leaves below the attribute that it stood above of; nobody imports it.
const STRICT_ABOVE: &str = "__idem_strict";

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

/// What `#[strict]` leaves behind for the attribute below it, which takes it in.
pub(crate) fn strict_above() -> syn::Attribute {
    syn::Attribute {
        pound_token: <syn::Token![#]>::default(),
        style: syn::AttrStyle::Outer,
        bracket_token: syn::token::Bracket::default(),
        meta: syn::Meta::Path(Ident::new(STRICT_ABOVE, Span::call_site()).into()),
    }
}

/// The others of this crate's attributes that stood beside one that makes a task.
#[derive(Default)]
pub(crate) struct Siblings {
    /// Where `#[strict]` stands.
    pub(crate) strict: Option<Span>,
    /// The paths of those that stood below and were taken away: the expansion names them, or their imports would be unused.
    pub(crate) taken: Vec<syn::Path>,
}

/// Removes the others of this crate's attributes.
pub(crate) fn take_siblings(own: Attribute, attrs: &mut Vec<syn::Attribute>, cx: &mut Ctxt) -> Siblings {
    let mut siblings = Siblings::default();
    attrs.retain(|attr| {
        let path = attr.path();
        let span = path.span();
        if let Some(other) = Attribute::at(path) {
            let (other, own) = (other.name(), own.name());
            let message = format!("`#[{other}]` on a function that already has `#[{own}]`: keep one of the two");
            cx.error(span, message);
            siblings.taken.push(path.clone());
            return false;
        }
        let above = path.is_ident(STRICT_ABOVE);
        if !above && !is_strict(attr) {
            return true;
        }
        if siblings.strict.replace(span).is_some() {
            cx.error(span, STRICT_TWICE);
        } else if !matches!(attr.meta, syn::Meta::Path(_)) {
            cx.error(span, STRICT_TAKES_NOTHING);
        }
        if !above {
            siblings.taken.push(path.clone());
        }
        false
    });
    siblings
}

pub(crate) const STRICT_TAKES_NOTHING: &str = "`#[strict]` takes no options: write them in `#[idempotent(strict, …)]`";

pub(crate) const STRICT_TWICE: &str = "`#[strict]` is given twice: keep one";
