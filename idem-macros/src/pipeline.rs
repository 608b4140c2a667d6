//! From tokens to tokens, step by step.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;

use crate::attribute::{self, Attribute};
use crate::diagnostic::Ctxt;
use crate::signature::{Item, Signature};
use crate::{expand, options, validate};

/// An attribute that makes a task of the function.
pub(crate) fn handler(attribute: Attribute, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut cx = Ctxt::new();
    let mut item = match read_item(attribute.name(), item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let siblings = attribute::take_siblings(attribute, &mut item.attrs, &mut cx);
    let options = options::parse(attribute, args, &mut cx);
    let signature = Signature::read(&mut item, &mut cx);
    let beside = signature.method.is_none() && !options.associated.is_written();
    let companion = || options.companion.get().unwrap_or(&item.sig.ident).clone();
    let stub = beside.then(|| (validate::runtime(options.krate.get()), companion()));
    let handler = validate::handler(attribute, options, &siblings, &signature, &item, &mut cx);
    match (cx.finish(), handler) {
        (Ok(()), Some(handler)) => expand::handler(&item, &signature, &handler),
        (Ok(()), None) => quote!(#item),
        (Err(errors), _) => expand::fallback(errors, &item, &siblings.taken, stub),
    }
}

/// `#[strict]`: where another attribute follows it goes below that one, which takes it in; else it is one itself.
pub(crate) fn strict(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut cx = Ctxt::new();
    if !args.is_empty() {
        cx.error(args.span(), attribute::STRICT_TAKES_NOTHING);
    }
    let mut parsed = match read_item(attribute::STRICT, item.clone()) {
        Ok(parsed) => parsed,
        Err(tokens) => return tokens,
    };
    if let Some(second) = parsed.attrs.iter().find(|a| attribute::is_strict(a)) {
        cx.error(second.path().span(), attribute::STRICT_TWICE);
    }
    let rest = if attribute::makes_task(&parsed.attrs) {
        parsed.attrs.retain(|a| !attribute::is_strict(a));
        parsed.attrs.push(attribute::strict_above());
        quote!(#parsed)
    } else {
        handler(Attribute::Idempotent, quote!(strict), item)
    };
    let errors = cx.finish().err();
    quote!(#errors #rest)
}

/// The function, or what to emit where there is none.
fn read_item(attribute: &str, item: TokenStream) -> Result<Item, TokenStream> {
    syn::parse2(item.clone()).map_err(|error| {
        let message = format!("`#[{attribute}]` goes on an `async fn` with a body ({error})");
        let error = syn::Error::new(error.span(), message).to_compile_error();
        quote!(#error #item)
    })
}
