//! Values of options: each reader takes what follows the option's name.

mod duration;
mod size;
mod zone;

pub(crate) use duration::{Ttl, duration, ttl};
pub(crate) use size::size;
pub(crate) use zone::{date_based, zone};

use syn::parse::ParseStream;
use syn::{LitInt, LitStr, Token};

use super::Site;
use crate::diagnostic::Ctxt;

impl Site<'_> {
    /// The value is missing or of another kind.
    fn misshapen(&self, span: proc_macro2::Span, takes: &str) -> syn::Error {
        let message = format!("`{}` takes {takes}: `{}`", self.key, self.entry.form);
        syn::Error::new(span, message)
    }
}

/// `= `, with something behind it.
fn equals(input: ParseStream<'_>, site: &Site<'_>, takes: &str) -> syn::Result<()> {
    if !input.peek(Token![=]) {
        return Err(site.misshapen(site.key.span(), takes));
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(site.misshapen(site.key.span(), takes));
    }
    Ok(())
}

/// `= "…"`
pub(super) fn text(input: ParseStream<'_>, site: &Site<'_>) -> syn::Result<LitStr> {
    equals(input, site, "text in quotes")?;
    let text = input.parse::<LitStr>().map_err(|e| site.misshapen(e.span(), "text in quotes"))?;
    if !text.suffix().is_empty() {
        return Err(site.misshapen(text.span(), "text in quotes"));
    }
    Ok(text)
}

/// A name that people and stores will see: not empty, no control characters, no space at its ends.
pub(super) fn name(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<String> {
    let text = text(input, site)?;
    let value = text.value();
    let fault = if value.is_empty() {
        "is empty"
    } else if value.trim() != value {
        "begins or ends with a space"
    } else if value.chars().any(char::is_control) {
        "holds a control character"
    } else {
        return Ok(value);
    };
    let message = format!("`{}` {fault}; write it as in `{}`", site.key, site.entry.form);
    Err(syn::Error::new(text.span(), message))
}

pub(super) fn reason(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<String> {
    let text = text(input, site)?;
    let value = text.value();
    if value.trim().is_empty() {
        return Err(syn::Error::new(
            text.span(),
            "the reason is empty: say why duplicates do no harm, for whoever reads the audit",
        ));
    }
    Ok(value)
}

/// A whole number from 1.
pub(super) fn count(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<u32> {
    const TAKES: &str = "a whole number";
    equals(input, site, TAKES)?;
    let number = input.parse::<LitInt>().map_err(|e| site.misshapen(e.span(), TAKES))?;
    match number.base10_parse::<u32>() {
        Ok(value) if value > 0 && number.suffix().is_empty() => Ok(value),
        _ => Err(syn::Error::new(
            number.span(),
            format!("`{}` is a whole number from 1 to {}: `{}`", site.key, u32::MAX, site.entry.form),
        )),
    }
}

pub(super) fn flag(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    if input.peek(Token![=]) || input.peek(syn::token::Paren) {
        let message = format!("`{0}` is a flag without a value: write `{0}` alone", site.key);
        return Err(syn::Error::new(site.key.span(), message));
    }
    Ok(())
}

pub(super) fn path(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<syn::Path> {
    const TAKES: &str = "a path";
    equals(input, site, TAKES)?;
    input.call(syn::Path::parse_mod_style).map_err(|e| site.misshapen(e.span(), TAKES))
}

pub(super) fn parameter(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<syn::Ident> {
    ident(input, site, "the name of a parameter")
}

pub(super) fn companion(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<syn::Ident> {
    ident(input, site, "the name of a type")
}

/// `= name`, and nothing more.
fn ident(input: ParseStream<'_>, site: &Site<'_>, takes: &str) -> syn::Result<syn::Ident> {
    equals(input, site, takes)?;
    let name = input.parse::<syn::Ident>().map_err(|e| site.misshapen(e.span(), takes))?;
    let more = [input.peek(Token![.]), input.peek(Token![::]), input.peek(Token![<])];
    if more.contains(&true) { Err(site.misshapen(name.span(), takes)) } else { Ok(name) }
}

pub(super) fn function(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<syn::ExprPath> {
    function_that(input, site, "the path of a function from `idem::Error` to your error")
}

pub(super) fn asked(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<syn::ExprPath> {
    function_that(input, site, "the path of an async function that tells what became of an abandoned call")
}

/// `= path::to::function`
pub(super) fn function_that(input: ParseStream<'_>, site: &Site<'_>, takes: &str) -> syn::Result<syn::ExprPath> {
    equals(input, site, takes)?;
    if input.peek(LitStr) {
        return Err(site.misshapen(input.span(), takes));
    }
    input.parse::<syn::ExprPath>().map_err(|e| site.misshapen(e.span(), takes))
}
