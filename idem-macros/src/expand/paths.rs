//! The one table of what an expansion calls in the runtime.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

/// The crate that holds the runtime, as the expansion names it.
pub(crate) struct Runtime<'a> {
    krate: &'a Path,
}

macro_rules! table {
    ($($(#[$doc:meta])* $name:ident => $($segment:ident)::+ $(.$bang:tt)?;)*) => {
        impl<'a> Runtime<'a> {
            pub(crate) fn new(krate: &'a Path) -> Self {
                Self { krate }
            }

            $($(#[$doc])* pub(crate) fn $name(&self) -> TokenStream {
                self.path(quote_spanned!(Span::mixed_site()=> $($segment)::+))
            })*
        }
    };
}

table! {
    task => Task;
    key => Key;
    record => Record;
    outcome => Outcome;
    admission => Admission;
    error => Error;
    resolution => Resolution;

    register => __private::register;
    begin => __private::begin;
    finish => __private::finish;
    enter => __private::enter;
    reconciled => Reconciled;
    enter_transaction => __private::enter_transaction;
    transactional => __private::Transactional;
    ops => __private::Ops;
    discard => __private::discard;

    detailed => __private::detailed;
    keyed => __private::Keyed;
    derive => __private::derive;
    key_of => __private::key;
    admit => __private::admit;
    status => __private::status;
    clear => __private::clear;
    clear_forced => __private::clear_forced;
    cancel => __private::cancel;
    resolve => __private::resolve;

    key_arg => __private::KeyArg;
    optional_key_arg => __private::OptionalKeyArg;
    scope_value => __private::ScopeValue;
    result_value => __private::ResultValue;
    default_value => __private::DefaultValue;
    stored_error => __private::StoredError;
    error_disposition => __private::ErrorDisposition;
    idem_to_user => __private::FromIdem;
    fallible => __private::Fallible;

    scope_part => __private::ScopePart;
    scope_source => __private::ScopeSource;
    unit => __private::Unit;
    on_in_progress => __private::OnInProgress;
    on_store_error => __private::OnStoreError;
    on_stale => __private::OnStale;
}

impl Runtime<'_> {
    fn path(&self, rest: TokenStream) -> TokenStream {
        let krate = self.krate;
        quote_spanned!(Span::mixed_site()=> #krate::#rest)
    }
}
