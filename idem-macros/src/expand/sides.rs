use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;

use super::paths::Runtime;
use crate::ir::Protected;

/// The two sides of the handler's result, as types.
pub(super) struct Sides {
    pub(super) ok: TokenStream,
    pub(super) err: TokenStream,
    alias: Option<Alias>,
}

/// A result under a name that may hide anything.
struct Alias {
    /// `<Answer as Fallible>`
    path: TokenStream,
    /// Where the name stands.
    at: Span,
}

impl Sides {
    pub(super) fn of(rt: &Runtime<'_>, protected: &Protected) -> Self {
        if let Some((ok, err)) = &protected.result.sides {
            return Self { ok: ok.to_token_stream(), err: err.to_token_stream(), alias: None };
        }
        let (site, whole, fallible) = (Span::mixed_site(), &protected.result.whole, rt.fallible());
        let path = quote_spanned!(site=> <#whole as #fallible>);
        let at = whole.span();
        Self {
            ok: located_at(at, quote_spanned!(site=> #path::Ok)),
            err: located_at(at, quote_spanned!(site=> #path::Err)),
            alias: Some(Alias { path, at }),
        }
    }

    /// Tokens that speak of the sides. Of an alias all of them are shown at the user's type: where it is no `Result`, the
    /// compiler says the same of each, and shows what is the same in the same place once.
    pub(super) fn shown(&self, tokens: TokenStream) -> TokenStream {
        match &self.alias {
            Some(alias) => located_at(alias.at, tokens),
            None => tokens,
        }
    }

    /// Where what the runtime does with the sides is shown.
    pub(super) fn site(&self) -> Span {
        self.alias.as_ref().map_or_else(Span::mixed_site, |alias| alias.at)
    }

    /// The type of a future that speaks of the sides.
    pub(super) fn future(&self, answer: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        // Of our edition: in that of 2021 an `impl` of the user's would not hold what the arguments borrow.
        let opaque = quote_spanned!(site.located_at(self.site())=> impl);
        let future = self.shown(quote_spanned!(site=> ::core::future::Future<Output = #answer>));
        quote_spanned!(site=> #opaque #future)
    }

    /// Whether the handler's result goes by another name.
    pub(super) fn renames(&self) -> bool {
        self.alias.is_some()
    }

    /// A future of the handler's result as one of a `Result`.
    pub(super) fn known(&self, future: TokenStream) -> TokenStream {
        let Some(convert) = self.converter("into_result") else {
            return future;
        };
        let at = self.site();
        quote_spanned!(at=> async move { #convert(#future.await) })
    }

    /// A `Result` as the handler returns it.
    pub(super) fn renamed(&self, result: TokenStream) -> TokenStream {
        let Some(convert) = self.converter("from_result") else {
            return result;
        };
        let at = self.site();
        quote_spanned!(at=> #convert(#result))
    }

    fn converter(&self, method: &str) -> Option<TokenStream> {
        let Alias { path, at } = self.alias.as_ref()?;
        let method = syn::Ident::new(method, Span::mixed_site());
        Some(located_at(*at, quote_spanned!(Span::mixed_site()=> #path::#method)))
    }
}

/// The same tokens as if the user had written them at `at`.
pub(super) fn located_at(at: Span, tokens: TokenStream) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), located_at(at, group.stream())).into();
        }
        // `$crate` is the crate that its span says.
        if token.to_string() != "$crate" {
            token.set_span(at);
        }
        token
    });
    moved.collect()
}
