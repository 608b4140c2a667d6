use std::time::Duration;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::scope;
use crate::diagnostic::Ctxt;
use crate::ir::{OnStoreError, Transaction};
use crate::options::Slot;
use crate::signature::{Signature, peel};

/// The parameter that `transaction` names, and what goes with it. The connection is no part of the key.
pub(super) fn transaction(
    written: Slot<Ident>,
    lease: &Slot<Duration>,
    on_store_error: &Slot<OnStoreError>,
    skipped: &mut Vec<String>,
    signature: &Signature,
    cx: &mut Ctxt,
) -> Option<Transaction> {
    let ident = written.take()?;
    if let Some(span) = lease.span() {
        cx.error(span, "`lease` has no meaning with `transaction`: the transaction holds the claim; remove `lease`");
    }
    if let Some(span) = on_store_error.span() {
        cx.error(
            span,
            "`on_store_error` has no meaning with `transaction`: the records are where the body writes; remove `on_store_error`",
        );
    }
    let name = ident.unraw().to_string();
    let Some((param, _)) = signature.binding(&name) else {
        cx.error(ident.span(), scope::unknown(&name, signature));
        return None;
    };
    let (Some(bound), Type::Reference(reference)) = (param.simple(), peel(&param.ty)) else {
        cx.error(param.ty.span(), AS_REFERENCE);
        return None;
    };
    if reference.mutability.is_none() {
        cx.error(param.ty.span(), AS_REFERENCE);
        return None;
    }
    if param.is_conditional() {
        let message = format!(
            "`{name}` is under `cfg`, and the claim is in its transaction in every configuration: put `#[cfg(…)]` on two functions"
        );
        cx.error(ident.span(), message);
    }
    if let Some(form) = param.forms.first() {
        cx.error(form.span(), format!("`{form}` changes nothing: the connection does not enter the key; remove this"));
    }
    if !skipped.contains(&name) {
        skipped.push(name);
    }
    Some(Transaction { ident: bound.clone(), ty: (*reference.elem).clone(), kind: kind(&reference.elem) })
}

/// The database of a connection or a transaction, by the name of its type.
fn kind(ty: &Type) -> &'static str {
    let mut kind = "";
    for name in idents(ty.to_token_stream()) {
        kind = match name.as_str() {
            "PgConnection" | "Postgres" => "PostgreSQL",
            "MySqlConnection" | "MySql" => "MySQL",
            "SqliteConnection" | "Sqlite" => "SQLite",
            _ => continue,
        };
    }
    kind
}

fn idents(tokens: TokenStream) -> Vec<String> {
    let names = |token| match token {
        TokenTree::Ident(ident) => vec![ident.to_string()],
        TokenTree::Group(group) => idents(group.stream()),
        _ => Vec::new(),
    };
    tokens.into_iter().flat_map(names).collect()
}

const AS_REFERENCE: &str = "the connection of a `transaction` is a `&mut` reference under a name, since the caller commits: `tx: &mut sqlx::PgConnection`";
