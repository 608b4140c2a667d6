use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Token, Visibility, token};

/// A function as written. Its body stays tokens: the compiler reads it, and complains about it, by itself.
pub(crate) struct Item {
    pub(crate) attrs: Vec<syn::Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: syn::Signature,
    pub(crate) body: Body,
}

pub(crate) struct Body {
    brace: token::Brace,
    /// `#![…]` at its head: they belong to the function.
    pub(crate) inner_attrs: Vec<syn::Attribute>,
    tokens: TokenStream,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(syn::Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        if input.peek(Token![;]) {
            return Err(input.error("this function has no body: the attribute goes where the body stands"));
        }
        let inner;
        let brace = syn::braced!(inner in input);
        let body = Body { brace, inner_attrs: inner.call(syn::Attribute::parse_inner)?, tokens: inner.parse()? };
        Ok(Self { attrs, vis, sig, body })
    }
}

impl Item {
    /// `cfg` and its like: what they say of the function holds for what stands beside it.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &syn::Attribute> {
        self.attrs.iter().filter(|a| a.path().is_ident("cfg"))
    }

    pub(crate) fn name_span(&self) -> Span {
        self.sig.ident.span()
    }
}

impl Body {
    /// The body as a block with something of ours before it; its inner attributes are left out.
    pub(crate) fn block_after(&self, first: TokenStream) -> TokenStream {
        let mut block = TokenStream::new();
        self.brace.surround(&mut block, |inner| {
            inner.extend(first);
            inner.extend(self.tokens.clone());
        });
        block
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, vis, sig, body } = self;
        tokens.extend(quote_spanned!(Span::mixed_site()=> #(#attrs)* #vis #sig));
        body.brace.surround(tokens, |inner| {
            for attr in &body.inner_attrs {
                attr.to_tokens(inner);
            }
            inner.extend(body.tokens.clone());
        });
    }
}
