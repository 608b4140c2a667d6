//! What was written in the attribute, each option in its slot.

mod list;
mod parse;
mod scope;
mod selector;
mod slot;
mod table;
mod template;
mod value;
mod words;

pub(crate) use list::comma_separated_tokens;
pub(crate) use parse::parse;
pub(crate) use scope::{Scope, ScopeValue};
pub(crate) use selector::{Key, Selector};
pub(crate) use slot::Slot;
#[cfg(test)]
pub(crate) use table::{Reads, TABLE};
pub(crate) use template::{Place, Template};
pub(crate) use value::Ttl;
pub(crate) use words::{OnErrorWritten, OnInProgress, OnStale, OnStoreError, ResultKept, ScopeLabel, Unit};

use std::time::Duration;

use proc_macro2::Ident;

use table::Entry;

/// An option's name as written, with its line in the table.
pub(crate) struct Site<'a> {
    pub(crate) key: &'a Ident,
    pub(crate) entry: &'static Entry,
}

/// All options of the attributes as written. Meaning comes later, in `validate`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Slot<String>,
    pub(crate) version: Slot<u32>,
    pub(crate) ttl: Slot<Ttl>,
    pub(crate) category: Slot<String>,
    pub(crate) lease: Slot<Duration>,
    pub(crate) scope: Slot<Vec<Scope>>,
    pub(crate) bucket: Slot<Unit>,
    pub(crate) date_based: Slot<Option<String>>,
    pub(crate) tz: Slot<String>,
    pub(crate) window: Slot<Duration>,
    pub(crate) key: Slot<Key>,
    pub(crate) skip: Slot<Vec<Ident>>,
    pub(crate) strict: Slot<()>,
    pub(crate) on_in_progress: Slot<OnInProgress>,
    pub(crate) wait: Slot<Duration>,
    pub(crate) on_store_error: Slot<OnStoreError>,
    pub(crate) on_stale: Slot<OnStale>,
    pub(crate) reconcile: Slot<syn::ExprPath>,
    pub(crate) on_error: Slot<OnErrorWritten>,
    pub(crate) error_ttl: Slot<Duration>,
    pub(crate) max_attempts: Slot<u32>,
    pub(crate) expires_after: Slot<Duration>,
    pub(crate) max_runtime: Slot<Duration>,
    pub(crate) result: Slot<ResultKept>,
    pub(crate) max_result: Slot<u64>,
    pub(crate) transaction: Slot<Ident>,
    pub(crate) store: Slot<String>,
    pub(crate) error: Slot<syn::ExprPath>,
    pub(crate) companion: Slot<Ident>,
    pub(crate) pii: Slot<()>,
    pub(crate) scope_label: Slot<ScopeLabel>,
    pub(crate) associated: Slot<()>,
    pub(crate) krate: Slot<syn::Path>,
    pub(crate) reason: Slot<String>,
}
