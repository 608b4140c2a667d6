use proc_macro2::{TokenStream, TokenTree};
use syn::Token;
use syn::parse::{ParseStream, Parser};

use crate::diagnostic::Ctxt;

/// Reads elements parted by commas. A mistake in one element does not hide those of the next.
pub(crate) fn comma_separated(
    input: ParseStream<'_>,
    cx: &mut Ctxt,
    mut element: impl FnMut(ParseStream<'_>, &mut Ctxt) -> syn::Result<()>,
) -> syn::Result<()> {
    while !input.is_empty() {
        if input.peek(Token![,]) {
            cx.error(input.span(), "nothing stands before this comma: remove it");
            input.parse::<Token![,]>()?;
            continue;
        }
        if let Err(error) = element(input, cx) {
            cx.push(error);
            skip_to_comma(input)?;
        }
        if input.is_empty() {
            break;
        }
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
        } else {
            expected_comma(input, cx)?;
        }
    }
    Ok(())
}

/// The same for a token stream that stands alone.
pub(crate) fn comma_separated_tokens(
    tokens: TokenStream,
    cx: &mut Ctxt,
    element: impl FnMut(ParseStream<'_>, &mut Ctxt) -> syn::Result<()>,
) {
    let before = cx.count();
    let parse = |input: ParseStream<'_>| comma_separated(input, &mut *cx, element);
    if let Err(error) = parse.parse2(tokens)
        && cx.count() == before
    {
        // Otherwise it is syn's note on tokens that an element already complained about.
        cx.push(error);
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// A name that follows is the next element, its comma forgotten; anything else belongs to this one and is skipped.
fn expected_comma(input: ParseStream<'_>, cx: &mut Ctxt) -> syn::Result<()> {
    let next: TokenTree = input.fork().parse()?;
    cx.error(next.span(), format!("expected `,` before `{next}`"));
    if !matches!(next, TokenTree::Ident(_)) {
        skip_to_comma(input)?;
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}
