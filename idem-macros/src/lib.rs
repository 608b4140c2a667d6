//! The attributes of `idem`. Depend on the facade, not on this crate: it re-exports them, documents them and
//! holds the runtime that their expansions call.
//!
//! ```text
//! attribute + item → options, signature → validate → ir → expand
//! ```
#![deny(missing_docs)]

mod attribute;
mod diagnostic;
mod expand;
mod ir;
mod options;
mod pipeline;
mod signature;
mod validate;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use crate::attribute::Attribute;

/// Runs an async handler once for each key and replays its result to duplicates.
#[proc_macro_attribute]
pub fn idempotent(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::handler(Attribute::Idempotent, args.into(), item.into()).into()
}

/// `#[idempotent]` for ever: the record is kept unless `ttl` says otherwise, and no calendar date joins the key.
#[proc_macro_attribute]
pub fn idempotent_once(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::handler(Attribute::Once, args.into(), item.into()).into()
}

/// `#[idempotent(date_based)]`: once a calendar day.
#[proc_macro_attribute]
pub fn idempotent_daily(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::handler(Attribute::Daily, args.into(), item.into()).into()
}

/// Alone: `#[idempotent(strict)]`. Above or below another of these attributes: adds `strict` to it.
#[proc_macro_attribute]
pub fn strict(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::strict(args.into(), item.into()).into()
}

/// States that a handler is deliberately unprotected, and why; the audit shows it. The function is not changed.
#[proc_macro_attribute]
pub fn not_idempotent(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::handler(Attribute::NotIdempotent, args.into(), item.into()).into()
}
