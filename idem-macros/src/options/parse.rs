use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::ParseStream;

use super::list::comma_separated_tokens;
use super::table::{Entry, Reads, TABLE};
use super::{Options, Site};
use crate::attribute::Attribute;
use crate::diagnostic::{Ctxt, did_you_mean, listed};

/// Reads the options of one attribute; every mistake goes to `cx`, and what could be read is answered.
pub(crate) fn parse(attribute: Attribute, args: TokenStream, cx: &mut Ctxt) -> Options {
    let mut options = Options::default();
    comma_separated_tokens(args, cx, |input, cx| option(attribute, &mut options, input, cx));
    options
}

fn option(attribute: Attribute, options: &mut Options, input: ParseStream<'_>, cx: &mut Ctxt) -> syn::Result<()> {
    let Ok(key) = Ident::parse_any(input) else {
        return Err(input.error(format!("expected the name of an option, such as `{}`", first_of(attribute))));
    };
    let Some(entry) = TABLE.iter().find(|e| key == e.name) else {
        return Err(unknown(attribute, &key));
    };
    if !entry.on.contains(&attribute) {
        return Err(elsewhere(attribute, entry, &key));
    }
    let Reads::Now(read) = entry.reads else {
        let message = format!("`{}` is not available yet in this version: leave it out", entry.name);
        return Err(syn::Error::new(key.span(), message));
    };
    read(options, &Site { key: &key, entry }, input, cx)
}

/// What a text without a name is most often meant as.
fn first_of(attribute: Attribute) -> &'static str {
    let name = if attribute == Attribute::NotIdempotent { "reason" } else { "name" };
    TABLE.iter().find(|entry| entry.name == name).map_or(name, |entry| entry.form)
}

fn unknown(attribute: Attribute, key: &Ident) -> syn::Error {
    let here = || TABLE.iter().filter(|e| e.on.contains(&attribute));
    let read = || here().filter(|e| matches!(e.reads, Reads::Now(_))).map(|e| e.name);
    let hint = did_you_mean(&key.to_string(), here().map(|e| e.name))
        .unwrap_or_else(|| format!("`#[{}]` takes {}", attribute.name(), listed(read())));
    syn::Error::new(key.span(), format!("unknown option `{key}`; {hint}"))
}

fn elsewhere(attribute: Attribute, entry: &Entry, key: &Ident) -> syn::Error {
    let owners: Vec<String> = entry.on.iter().map(|a| format!("#[{}]", a.name())).collect();
    let owners = listed(owners.iter().map(String::as_str));
    let message = format!("`{key}` does not apply to `#[{}]`; it belongs to {owners}: remove it", attribute.name());
    syn::Error::new(key.span(), message)
}
