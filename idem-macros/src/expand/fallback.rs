use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Path};

use super::paths::Runtime;
use super::{companion, function, task};
use crate::signature::Item;

/// The mistakes, and the function as it was written, so that they are all that the compiler complains about.
/// With the runtime's path, where a companion could stand, also one that makes `tasks![…]` content.
pub(crate) fn fallback(errors: TokenStream, item: &Item, taken: &[Path], stub: Option<(Path, Ident)>) -> TokenStream {
    let stub = stub.map(|(krate, name)| {
        let rt = &Runtime::new(&krate);
        let (of, description) = (rt.task(), task::bare(rt, &item.sig.ident));
        companion::with(item, &name, companion::constant(item, &of, &description))
    });
    let beside = (stub.is_some() && !taken.is_empty()).then(|| {
        let uses = function::uses(taken);
        quote!(const _: () = { #uses };)
    });
    quote!(#errors #item #beside #stub)
}
