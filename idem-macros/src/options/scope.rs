use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Expr, LitStr, Token};

use super::list::comma_separated;
use super::{Site, value};
use crate::diagnostic::Ctxt;

/// One kind of scope as written.
pub(crate) struct Scope {
    pub(crate) kind: String,
    pub(crate) span: Span,
    pub(crate) value: ScopeValue,
}

pub(crate) enum ScopeValue {
    /// `"user"`: an argument of that name, else the delivery.
    ByName,
    /// `user = order.customer`
    Expr(Box<Expr>),
}

/// `= "user"`, `("tenant", "user")` or `(user = order.customer)`
pub(crate) fn scope(input: ParseStream<'_>, site: &Site<'_>, cx: &mut Ctxt) -> syn::Result<Vec<Scope>> {
    if !input.peek(syn::token::Paren) {
        let text = value::text(input, site).map_err(|e| {
            let message = format!("{e}; where it is an expression over arguments: `scope(user = order.customer)`");
            syn::Error::new(e.span(), message)
        })?;
        return Ok(vec![by_name(&text)?]);
    }
    let inner;
    syn::parenthesized!(inner in input);
    if inner.is_empty() {
        return Err(syn::Error::new(
            site.key.span(),
            "`scope()` names no scope: write `scope = \"user\"`, or `scope = \"global\"` for none",
        ));
    }
    let mut scopes = Vec::new();
    comma_separated(&inner, cx, |input, _| {
        scopes.push(element(input)?);
        Ok(())
    })?;
    Ok(scopes)
}

fn element(input: ParseStream<'_>) -> syn::Result<Scope> {
    if input.peek(LitStr) {
        return by_name(&input.parse()?);
    }
    let Ok(kind) = Ident::parse_any(input) else {
        return Err(input.error("expected a scope: `\"user\"` or `user = order.customer`"));
    };
    if !input.peek(Token![=]) {
        let message = format!("write `\"{kind}\"`, or `{kind} = …` with an expression over arguments");
        return Err(syn::Error::new(kind.span(), message));
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        let message = format!("`{kind} =` needs an expression over arguments: `{kind} = order.customer`");
        return Err(syn::Error::new(kind.span(), message));
    }
    let expr = Box::new(input.parse::<Expr>()?);
    Ok(Scope { kind: kind.unraw().to_string(), span: kind.span(), value: ScopeValue::Expr(expr) })
}

fn by_name(text: &LitStr) -> syn::Result<Scope> {
    let kind = text.value();
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if kind.is_empty() || !kind.chars().all(word) {
        let message = format!(
            "`{kind}` is no name for a scope: use letters, digits, `_`, `-` and `.`; several scopes are written `scope(\"tenant\", \"user\")`"
        );
        return Err(syn::Error::new(text.span(), message));
    }
    Ok(Scope { kind, span: text.span(), value: ScopeValue::ByName })
}
