//! The expansion: a static description, a plan of the key, begin → finish. What happens in between is the runtime's.

mod companion;
mod fallback;
mod function;
mod generics;
mod ops;
mod paths;
mod plan;
mod sides;
mod task;

pub(crate) use fallback::fallback;

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::{Handler, Protection};
use crate::signature::{Item, Signature};
use paths::Runtime;

/// The function and, where something can stand beside it, its companion.
pub(crate) fn handler(item: &Item, signature: &Signature, handler: &Handler) -> TokenStream {
    let rt = &Runtime::new(&handler.krate);
    let function = match &handler.protection {
        Protection::Protected(protected) => function::protected(rt, item, signature, handler, protected),
        Protection::None { .. } => function::unprotected(rt, item, handler),
    };
    let companion = (!handler.associated).then(|| companion::companion(rt, item, signature, handler));
    quote!(#function #companion)
}
