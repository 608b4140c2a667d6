use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;

use super::paths::Runtime;
use super::{companion, task};
use crate::signature::Item;

/// The mistakes, and the function as it was written, so that they are all that the compiler complains about.
/// With the runtime's path, where a companion could stand, also one that makes `tasks![…]` content.
pub(crate) fn fallback(errors: TokenStream, item: &Item, stub: Option<Path>) -> TokenStream {
    let stub = stub.map(|krate| {
        let rt = &Runtime::new(&krate);
        let (vis, of) = (&item.vis, rt.task());
        let description = task::bare(rt, &item.sig.ident);
        let constant = quote_spanned! {Span::mixed_site()=>
            #vis const TASK: &'static #of = {
                static TASK: #of = #description;
                &TASK
            };
        };
        companion::with(item, constant)
    });
    quote!(#errors #item #stub)
}
